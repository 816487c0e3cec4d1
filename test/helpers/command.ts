/** Runs `registry …` in a separate process, for tests of the command line and of crashes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../registry/main.js', import.meta.url));
const TERMINAL = fileURLToPath(new URL('./terminal.py', import.meta.url));

/** Runs a program with host name and process numbers of its own, and ends it together with `unshare`. */
export const CONTAINER =
  'unshare --user --map-root-user --mount --uts --pid --fork --kill-child --mount-proc'.split(' ');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The environment with only the test's own settings, without the developer's. */
function environment(settings: Record<string, string>): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...settings };
}

function start(
  args: string[],
  settings: Record<string, string>,
  {
    terminal = false,
    after = undefined as string | undefined,
    host = undefined as string | undefined,
    inside = [] as readonly string[],
  } = {},
): [ChildProcess, Promise<Ended>] {
  const env = environment(settings);
  const shell = after && ['unshare', '-Urm', 'sh', '-c', `${after} && exec "$@"`, 'sh'];
  const container = host && [...CONTAINER, 'sh', '-c', `hostname "$0" && exec "$@"`, host];
  const before = terminal ? ['python3', TERMINAL] : container || shell || inside;
  const [program = '', ...rest] = [...before, process.execPath, MAIN, ...args];
  const child = spawn(program, rest, { env });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ended.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ended.stderr += text;
  });
  return [child, once(child, 'close').then(([code]) => ({ ...ended, code }))];
}

/** Runs a command until it ends. For `inside`, see `serve`. */
export async function registry(
  args: string[],
  settings: Record<string, string>,
  input = '',
  inside: readonly string[] = [],
): Promise<Ended> {
  const [child, ended] = start(args, settings, { inside });
  child.stdin?.end(input);
  return await ended;
}

/** Runs a command and kills it, or sends another signal, as soon as `until` resolves, unless it ends first. */
export async function killed(
  args: string[],
  settings: Record<string, string>,
  until: Promise<unknown>,
  signal: NodeJS.Signals = 'SIGKILL',
  inside: readonly string[] = [],
): Promise<Ended> {
  const [child, ended] = start(args, settings, { inside });
  child.stdin?.end();
  await Promise.race([until, ended]);
  child.kill(signal);
  return await ended;
}

export interface Server {
  pid: number;
  url: string;
  /** The standard output so far. */
  output(): string;
  /** Resolves when the standard output after this position matches. Rejects if the server ends first. */
  prints(pattern: RegExp, from?: number): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  ended: Promise<Ended>;
}

/**
 * Starts `registry serve` on a free port, or on a `PORT` with the `LOG_LEVEL` info. Resolves when the server has printed its
 * address and, at the `first` start of a data folder, the clone line. The server starts after the shell command
 * `after`, which may change limits and mount file systems for the server alone, or on a `host` of its own, as in a
 * container, or with the command `inside`, which finds a small disk (small-disk.ts). On a `terminal`, standard output and
 * error are combined.
 */
export async function serve(
  settings: Record<string, string>,
  {
    first = false,
    terminal = false,
    flags = [] as string[],
    after = undefined as string | undefined,
    host = undefined as string | undefined,
    inside = [] as readonly string[],
  } = {},
): Promise<Server> {
  const [child, ended] = start(
    ['serve', ...flags],
    { PORT: '0', ...settings },
    { terminal, after, host, inside },
  );
  let output = '';
  const url = new Promise<string>((resolve) => {
    child.stdout?.on('data', (text: string) => {
      output += text;
      const [, url] =
        /^The registry is at (http:\S+)\r?\n/m.exec(output) ??
        /"url":"(http:[^"]+)","msg":"ready"/.exec(output) ??
        [];
      if (url !== undefined && (!first || /^ +git clone \S+\r?\n/m.test(output))) resolve(url);
    });
  });
  const early = ended.then(({ stdout, stderr }): never => {
    throw new Error(`the server ended too early:\n${stdout}\n${stderr}`);
  });
  early.catch(() => undefined);
  return {
    pid: child.pid as number,
    url: await Promise.race([url, early]),
    output: () => output,
    async prints(pattern, from = 0) {
      while (!pattern.test(output.slice(from)))
        await Promise.race([once(child.stdout as Readable, 'data'), early]);
    },
    signal: (signal) => void child.kill(signal),
    ended,
  };
}
