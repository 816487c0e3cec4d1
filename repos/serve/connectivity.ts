import type { GitProgram, Oid } from '../types.ts';
import type { Command } from '../wire/push.ts';
import type { Quarantine } from './quarantine.ts';
import type { Rejection } from './unpack.ts';

/**
 * Whether everything that the new tips reach is there, in quarantine or reachable from a ref. A tip
 * outside `refs/tags/` must be a commit.
 */
export async function checkConnectivity(
  git: GitProgram,
  { env }: Quarantine,
  commands: Command[],
  signal: AbortSignal,
): Promise<Rejection | undefined> {
  const cwd = env.GIT_DIR ?? '';
  const tips = commands.flatMap(({ ref, to }) => (to === null ? [] : [{ ref, to }]));
  const ids = lines(tips.map(({ to }) => to));

  const check = ['cat-file', '--batch-check=%(objecttype)'];
  const types = await git.run({ args: check, cwd, env, signal, input: ids });
  for (const [i, type] of types.stdout.toString().trimEnd().split('\n').entries()) {
    const tip = tips[i];
    if (tip === undefined || tip.ref.startsWith('refs/tags/') || type === 'commit') continue;
    const help = `${tip.ref} cannot be ${tip.to}: ${type.endsWith('missing') ? 'no such object' : `a ${type}, not a commit`}.`;
    return { reason: 'not a commit', help: [help] };
  }

  const walk = ['rev-list', '--objects', '--stdin', '--not', '--all', '--quiet'];
  const { code } = await git.run({ args: walk, cwd, env, signal, input: ids, allow: [1, 128] });
  if (code === 0) return undefined;
  return { reason: 'missing necessary objects', help: await missing(git, cwd, env, signal, ids) };
}

/** Names some of what is missing, for the pusher to look for. */
async function missing(
  git: GitProgram,
  cwd: string,
  env: Record<string, string>,
  signal: AbortSignal,
  input: Uint8Array,
): Promise<string[]> {
  const args = ['rev-list', '--objects', '--missing=print', '--stdin', '--not', '--all'];
  const { stdout } = await git.run({ args, cwd, env, signal, input, allow: [1, 128] });
  const marked = stdout.toString().match(/^\?[0-9a-f]{40}$/gm) ?? [];
  return marked.slice(0, 5).map((oid) => `Missing object ${oid.slice(1)}.`);
}

function lines(ids: Oid[]): Uint8Array {
  return Buffer.from(ids.map((oid) => `${oid}\n`).join(''));
}
