/** Lists the objects in a quarantine and reads their contents. */
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ObjectStore } from '../object-store.ts';
import type { ObjectType } from '../object-text.ts';
import type { GitProgram, Oid } from '../types.ts';
import type { Quarantine } from './quarantine.ts';

export interface Pushed {
  oid: Oid;
  type: ObjectType;
  /** Bytes, inflated. */
  size: number;
}

export interface PushedObjects {
  /** All objects, in no particular order. */
  all(): AsyncIterable<Pushed>;
  contents(oids: readonly Oid[]): AsyncIterable<{ oid: Oid; bytes: Buffer }>;
}

/** Reads the loose objects of a quarantine. Returns null if the quarantine has a pack, which git must read. */
export async function looseObjects(
  { path }: Quarantine,
  objects: ObjectStore,
): Promise<PushedObjects | null> {
  const files = await readdir(path, { recursive: true });
  if (files.some((file) => file.endsWith('.pack'))) return null;
  const ids = files
    .filter((file) => /^[0-9a-f]{2}\/[0-9a-f]{38}$/.test(file))
    .map((file) => file.replace('/', ''));
  return {
    async *all() {
      for (const oid of ids) yield { oid, ...(await objects.readLooseHeader(oid)) };
    },
    async *contents(oids) {
      for (const oid of oids) yield { oid, bytes: Buffer.from((await objects.read(oid)).bytes) };
    },
  };
}

/** Lets git read the objects of a quarantine with a pack. */
export function packedObjects(
  git: GitProgram,
  { alone }: Quarantine,
  signal: AbortSignal,
): PushedObjects {
  const run = (args: string[]) => git.spawn({ args, cwd: alone.GIT_DIR ?? '', env: alone, signal });
  return {
    async *all() {
      const format = '--batch-check=%(objectname) %(objecttype) %(objectsize)';
      const child = run(['cat-file', '--batch-all-objects', '--unordered', '--buffer', format]);
      child.stdin.end();
      for await (const line of createInterface({ input: child.stdout })) {
        const [oid = '', type = '', size] = line.split(' ');
        yield { oid, type: type as ObjectType, size: Number(size) };
      }
      await requireSuccess(child.exit);
    },
    async *contents(oids) {
      if (oids.length === 0) return;
      const child = run(['cat-file', '--batch', '--buffer']);
      child.stdin.end(`${oids.join('\n')}\n`);
      yield* batchContents(child.stdout);
      await requireSuccess(child.exit);
    },
  };
}

/** Parses the output of `cat-file --batch`: for each object a line `<oid> <type> <size>`, the content and a newline. */
async function* batchContents(output: Readable): AsyncGenerator<{ oid: Oid; bytes: Buffer }> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of output as AsyncIterable<Buffer>) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const newline = held.indexOf(0x0a);
      if (newline < 0) break;
      const [oid = '', , size] = held.toString('latin1', 0, newline).split(' ');
      const end = newline + 1 + Number(size);
      if (held.length <= end) break;
      yield { oid, bytes: held.subarray(newline + 1, end) };
      held = held.subarray(end + 1);
    }
  }
}

async function requireSuccess(
  exit: Promise<{ code: number | null; stderr: string }>,
): Promise<void> {
  const { code, stderr } = await exit;
  if (code !== 0) throw new Error(`git cat-file ended with ${code}: ${stderr}`);
}
