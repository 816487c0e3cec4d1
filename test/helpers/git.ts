/**
 * Runs real git for tests. Tests start git directly and not through the product, so that it is an independent oracle.
 */
import { fork, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const ENVIRONMENT = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  LC_ALL: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.org',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.org',
};

export interface GitOptions {
  cwd?: string;
  env?: Record<string, string>;
  input?: Uint8Array | string;
}

export interface GitResult {
  code: number;
  stdout: Buffer;
  stderr: string;
}

/** Runs git and returns its result, even if git fails. */
export async function gitResult(args: string[], options: GitOptions = {}): Promise<GitResult> {
  if (runner) return await runner(args, options);
  const child = spawn('git', args, { cwd: options.cwd, env: { ...ENVIRONMENT, ...options.env } });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk) => out.push(chunk));
  child.stderr.on('data', (chunk) => err.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  return { code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() };
}

/** Returns the standard output of git as bytes. Throws with its standard error if git fails. */
export async function gitBytes(args: string[], options: GitOptions = {}): Promise<Buffer> {
  const { code, stdout, stderr } = await gitResult(args, options);
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

export async function git(args: string[], options: GitOptions = {}): Promise<string> {
  return (await gitBytes(args, options)).toString();
}

/** Throws unless `git fsck --strict` accepts the repository. */
export async function fsck(path: string): Promise<void> {
  await git(['fsck', '--strict', '--no-dangling', '--no-progress'], { cwd: path });
}

/** Throws unless `git fsck --strict` accepts every repository below the folder. */
export async function fsckAll(root: string): Promise<void> {
  for (const name of (await readdir(root)).filter((name) => name.endsWith('.git'))) {
    await fsck(join(root, name));
  }
}

let runner: ((args: string[], options: GitOptions) => Promise<GitResult>) | undefined;

/**
 * After this call a small process starts git for the tests. A process that contains a whole registry needs 10 ms or
 * more to start another one (see docs/decisions/0002), which matters for a thousand git commands.
 */
export function startGitRunner(): void {
  if (runner) return;
  const child = fork(new URL('./git-runner.ts', import.meta.url), { serialization: 'advanced' });
  child.unref();
  const waiting = new Map<number, (answer: GitResult & { error?: string }) => void>();
  // The test process may end while the small process is idle, but not while it waits for an answer.
  const hold = () => (waiting.size > 0 ? child.channel?.ref() : child.channel?.unref());
  child.on('message', ({ id, ...answer }: { id: number } & GitResult) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
    hold();
  });
  hold();
  let count = 0;
  runner = async (args, options) => {
    const id = ++count;
    const { error, ...result } = await new Promise<GitResult & { error?: string }>((resolve) => {
      waiting.set(id, resolve);
      hold();
      child.send({ id, args, options });
    });
    if (error !== undefined) throw new Error(error);
    return result;
  };
}
