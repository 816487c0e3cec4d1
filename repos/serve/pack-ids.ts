/** Reads the ids in the index of a pack (gitformat-pack(5), version 2). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Oid } from '../types.ts';
import type { Quarantine } from './quarantine.ts';
import type { Rejection } from './unpack.ts';

/** Where the table of counts begins, after the magic number and the version. */
const FANOUT = 8;
/** Where the ids begin, in order. The last count before the ids is the number of all ids. */
const NAMES = FANOUT + 256 * 4;
const SIZE = 20;

const countIn = (index: Buffer): number => index.readUInt32BE(NAMES - 4);

export function* idsIn(index: Buffer): Generator<Oid> {
  const end = NAMES + SIZE * countIn(index);
  for (let at = NAMES; at < end; at += SIZE) yield index.toString('hex', at, at + SIZE);
}

export async function indexesIn({ path }: Quarantine): Promise<string[]> {
  const folder = join(path, 'pack');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.idx'));
  return files.map((file) => join(folder, file));
}

/**
 * Refuses a pack that contains an object twice, as git's receive-pack does with `receive.fsckObjects`. `git index-pack`
 * checks this only with `--strict`, which also demands objects that are in the repository.
 */
export async function refuseRepeated(quarantine: Quarantine): Promise<Rejection | undefined> {
  for (const path of await indexesIn(quarantine)) {
    const index = await readFile(path);
    const last = NAMES + SIZE * (countIn(index) - 1);
    for (let at = NAMES; at < last; at += SIZE) {
      if (index.compare(index, at, at + SIZE, at + SIZE, at + 2 * SIZE) !== 0) continue;
      const oid = index.toString('hex', at, at + SIZE);
      return { reason: 'broken pack', help: [`The pack contains the object ${oid} twice.`] };
    }
  }
  return undefined;
}
