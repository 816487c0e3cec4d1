/** Looks at every pushed object for what fsck lets pass: big files, symlinks, submodules. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { GitProgram, Oid } from '../types.ts';
import type { PackLimits, Rejection } from './index-pack.ts';
import type { Quarantine } from './quarantine.ts';
import { treeEntries } from './tree.ts';

/** Folders and files; fsck calls other modes bad but lets them pass (git-fsck(1), `badFilemode`). */
const MODES = new Set(['40000', '100644', '100755']);
const MODE_NAMES: Record<string, string> = { '120000': 'symlink', '160000': 'submodule' };

/** Enough to see what is wrong. */
const MOST_PROBLEMS = 20;

/** The first problem is the reason, all of them are the help; undefined when there is none. */
export async function inspect(
  git: GitProgram,
  quarantine: Quarantine,
  limits: PackLimits,
  signal: AbortSignal,
): Promise<Rejection | undefined> {
  const { trees, large } = await survey(git, quarantine, limits, signal);
  const problems: string[] = [];
  for await (const tree of readTrees(git, quarantine, trees, signal)) {
    for (const { mode, name, oid } of treeEntries(tree)) {
      if (!MODES.has(mode))
        problems.push(`${MODE_NAMES[mode] ?? `mode ${mode}`} not allowed: ${name}`);
      const size = large.get(oid);
      if (size !== undefined) {
        problems.push(`file too large: ${name} (${size} bytes, the limit is ${limits.fileBytes})`);
        large.delete(oid);
      }
    }
  }
  for (const [oid, size] of large) problems.push(`object too large: ${oid} (${size} bytes)`);
  const [reason] = problems;
  return reason === undefined ? undefined : { reason, help: problems.slice(0, MOST_PROBLEMS) };
}

async function survey(
  git: GitProgram,
  { alone }: Quarantine,
  { fileBytes }: PackLimits,
  signal: AbortSignal,
) {
  const trees: Oid[] = [];
  const large = new Map<Oid, number>();
  const format = '--batch-check=%(objectname) %(objecttype) %(objectsize)';
  const args = ['cat-file', '--batch-all-objects', '--unordered', '--buffer', format];
  const child = git.spawn({ args, cwd: alone.GIT_DIR ?? '', env: alone, signal });
  child.stdin.end();
  for await (const line of createInterface({ input: child.stdout })) {
    const [oid = '', type, size] = line.split(' ');
    if (type === 'tree') trees.push(oid);
    else if (Number(size) > fileBytes) large.set(oid, Number(size));
  }
  await succeeded(child.exit);
  return { trees, large };
}

async function* readTrees(
  git: GitProgram,
  { alone }: Quarantine,
  trees: Oid[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (trees.length === 0) return;
  const args = ['cat-file', '--batch', '--buffer'];
  const child = git.spawn({ args, cwd: alone.GIT_DIR ?? '', env: alone, signal });
  child.stdin.end(`${trees.join('\n')}\n`);
  yield* batchContents(child.stdout);
  await succeeded(child.exit);
}

/** Each object of `cat-file --batch`: a line `<oid> <type> <size>`, the content, a newline. */
async function* batchContents(output: Readable): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of output as AsyncIterable<Buffer>) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const newline = held.indexOf(0x0a);
      if (newline < 0) break;
      const size = Number(held.toString('latin1', 0, newline).split(' ')[2]);
      const end = newline + 1 + size;
      if (held.length <= end) break;
      yield held.subarray(newline + 1, end);
      held = held.subarray(end + 1);
    }
  }
}

async function succeeded(exit: Promise<{ code: number | null; stderr: string }>): Promise<void> {
  const { code, stderr } = await exit;
  if (code !== 0) throw new Error(`git cat-file ended with ${code}: ${stderr}`);
}
