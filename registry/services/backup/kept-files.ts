/** The backups that a server makes by itself, as files in one folder. Files with other names are never touched. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A full backup and the incremental backups after it, oldest first. */
export interface KeptChain {
  paths: string[];
  /** When the full backup and the newest one of the chain were begun. */
  begun: Date;
  newest: Date;
  /** Whether the full backup was verified. */
  isVerified: boolean;
}

const NAME = /^registry-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z(\.full)?\.zip$/;

/** `registry-2026-03-02T09-00-00Z.full.zip`. The names are in the order of time. */
export const fileName = (at: Date, isFull: boolean): string =>
  `registry-${at.toISOString().slice(0, 19).replaceAll(':', '-')}Z${isFull ? '.full' : ''}.zip`;

/** Exists if the full backup was verified. */
export const markOf = (path: string): string => `${path}.verified`;

/** Returns the chains, oldest first. Leaves out incremental backups without a full one before them. */
export async function keptChains(folder: string): Promise<KeptChain[]> {
  const chains: KeptChain[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const [, day, hour, minute, second, full] = NAME.exec(name) ?? [];
    if (day === undefined) continue;
    const newest = new Date(`${day}T${hour}:${minute}:${second}Z`);
    const path = join(folder, name);
    if (full) {
      const isVerified = existsSync(markOf(path));
      chains.push({ paths: [path], begun: newest, newest, isVerified });
    } else {
      const chain = chains.at(-1);
      chain?.paths.push(path);
      if (chain) chain.newest = newest;
    }
  }
  return chains;
}

/** The beginning of the names of drafts (archive.ts, rows.ts). */
const DRAFT = /^\.registry-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(\.full)?\.zip\./;

/** Deletes what a killed process left. Only for the one that may write into the folder. */
export async function removeDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (DRAFT.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** The chains of which every backup is older than `before`, and which have a verified full backup after them. */
export function outdated(chains: readonly KeptChain[], before: Date): KeptChain[] {
  const verified = chains.findLastIndex(({ isVerified }) => isVerified);
  return chains.filter(({ newest }, n) => n < verified && newest < before);
}

/** Deletes the newest files first: what is left of a chain can always be restored. */
export async function removeChain({ paths }: KeptChain): Promise<void> {
  for (const path of paths.toReversed()) {
    await rm(markOf(path), { force: true });
    await rm(path, { force: true });
  }
}
