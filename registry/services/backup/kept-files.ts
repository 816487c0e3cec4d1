/** The backups that a server makes by itself, as files in one folder. Files with other names are never touched. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A full backup and the incremental backups after it, oldest first. */
export interface KeptChain {
  paths: string[];
  /** When the full backup and the newest one of the chain were begun. */
  begun: Date;
  newest: Date;
  /** Whether the full backup was verified. */
  isVerified: boolean;
  /** The definitions that were missing or damaged when the full backup was made and verified. */
  faulty: ReadonlySet<string>;
}

const NAME = /^registry-([0-9a-f]{8})-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z(\.full)?\.zip$/;
/** The beginning of the names of drafts (archive.ts, rows.ts). */
const DRAFT = /^\.registry-([0-9a-f]{8})-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(\.full)?\.zip\./;

/** Exists if the full backup was verified, and lists the definitions that were faulty. */
const markOf = (path: string): string => `${path}.verified`;

export class KeptFiles {
  readonly #folder: string;
  readonly #id: string;

  /** @param registry identifies the registry, because several may use one folder */
  constructor(folder: string, registry = '00000000') {
    this.#folder = folder;
    this.#id = registry.slice(0, 8);
  }

  /** `registry-1f3a9c2e-2026-03-02T09-00-00Z.full.zip`. The names are in the order of time. */
  path(at: Date, isFull: boolean): string {
    const time = at.toISOString().slice(0, 19).replaceAll(':', '-');
    return join(this.#folder, `registry-${this.#id}-${time}Z${isFull ? '.full' : ''}.zip`);
  }

  /** Returns the chains, oldest first. Leaves out incremental backups without a full one before them. */
  async chains(): Promise<KeptChain[]> {
    const chains: KeptChain[] = [];
    for (const name of (await readdir(this.#folder)).sort()) {
      const [, id, day, hour, minute, second, full] = NAME.exec(name) ?? [];
      if (id !== this.#id) continue;
      const newest = new Date(`${day}T${hour}:${minute}:${second}Z`);
      const path = join(this.#folder, name);
      if (full) {
        const faulty = await faultyIn(markOf(path));
        const isVerified = faulty !== undefined;
        const about = { isVerified, faulty: new Set(faulty) };
        chains.push({ paths: [path], begun: newest, newest, ...about });
      } else {
        const chain = chains.at(-1);
        chain?.paths.push(path);
        if (chain) chain.newest = newest;
      }
    }
    return chains;
  }

  /** Deletes what a killed process left. Only for the one that may write into the folder. */
  async removeDrafts(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (DRAFT.exec(name)?.[1] === this.#id)
        await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }
}

export async function noteVerified(full: string, faulty: readonly string[]): Promise<void> {
  await writeFile(markOf(full), faulty.map((name) => `${name}\n`).join(''), { mode: 0o600 });
}

async function faultyIn(mark: string): Promise<string[] | undefined> {
  try {
    return (await readFile(mark, 'utf8')).split('\n').filter((name) => name !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The chains of which every backup is older than `before`, and which have a verified full backup after them. If definitions
 * are faulty in that one, the newest chain with each of them stays.
 */
export function outdated(chains: readonly KeptChain[], before: Date): KeptChain[] {
  const last = chains.findLastIndex(({ isVerified }) => isVerified);
  const earlier = chains.slice(0, Math.max(last, 0));
  const sources = [...(chains[last]?.faulty ?? [])].map((name) =>
    earlier.findLast(({ isVerified, faulty }) => isVerified && !faulty.has(name)),
  );
  // Nobody knows which definitions an unverified backup has.
  const mayDeleteUnverified = sources.every((source) => source !== undefined);
  return earlier.filter(
    (chain) =>
      chain.newest < before &&
      !sources.includes(chain) &&
      (chain.isVerified || mayDeleteUnverified),
  );
}

/** Deletes the newest files first: what is left of a chain can always be restored. */
export async function removeChain({ paths }: KeptChain): Promise<void> {
  for (const path of paths.toReversed()) {
    await rm(markOf(path), { force: true });
    await rm(path, { force: true });
  }
}
