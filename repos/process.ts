/** Runs the git program through a helper process, never through a shell. No other module starts git. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { RepositoryError } from './errors.ts';
import { frame, frames, Kind, type RunRequest, type RunResult } from './frames.ts';
import type { GitChild, GitProgram, GitRun } from './types.ts';

const SPAWNER = fileURLToPath(new URL('./spawner.ts', import.meta.url));
/** The most bytes of standard output that `run` collects. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;
/** Input is sent in pieces of at most this many bytes. The helper has at most one piece of a run in memory. */
const FRAME_LIMIT = 64 * 1024;

/** The environment of git (git(1), "Environment Variables"). A run can add variables, and inherits no others. */
const ENVIRONMENT = {
  PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
};

/**
 * Opens git for this process. A helper process runs git (see docs/decisions/0002); the first run starts the helper. If
 * the helper dies, its current runs fail with `git_failed`, and the next run starts another helper.
 *
 * The number of concurrent runs is limited (see spawner.ts), and further runs wait. A caller must not start a run and
 * wait for it while another run of its own is open.
 *
 * When a run is aborted or its `stdout` is destroyed, git's standard input is closed. If git has not ended ten seconds
 * later, it gets SIGTERM. Errors of `stdin` and `stdout` need no listener: `exit` rejects with them.
 */
export async function openGitProgram(): Promise<GitProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-git-'));
  const helpers = new Helpers(folder);
  const runs = { open: 0, begun: 0 };
  const start = (run: GitRun) => {
    const child = startRun(run, helpers);
    runs.open += 1;
    runs.begun += 1;
    const ended = () => {
      runs.open -= 1;
    };
    child.exit.then(ended, ended);
    return child;
  };
  return {
    spawn: start,
    run: (run) => runToEnd(start(run), run),
    runs,
    async close() {
      await helpers.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Keeps one helper process alive. */
class Helpers {
  #folder: string;
  #started = 0;
  #closed = false;
  #path = '';
  #current: Promise<{ path: string; process: ChildProcess }> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async socketPath(): Promise<string> {
    if (this.#closed) throw new RepositoryError('git_failed', 'the git program was closed');
    this.#current ??= this.#start();
    return (await this.#current).path;
  }

  async #start() {
    this.#started += 1;
    const path = join(this.#folder, `${this.#started}.sock`);
    this.#path = path;
    // The helper has its own process group, so that Ctrl-C in a terminal does not end git during a graceful stop.
    const helper = spawn(process.execPath, [SPAWNER, path], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { PATH: ENVIRONMENT.PATH },
      detached: true,
    });
    helper.once('exit', () => this.drop(path));
    const ended = once(helper, 'exit').then(([code, signal]) => {
      throw new RepositoryError('git_failed', `the git helper ended (${code ?? signal})`);
    });
    await Promise.race([once(helper, 'message'), ended]);
    ended.catch(() => undefined);
    return { path, process: helper };
  }

  /** Stops using a helper, so the next run starts another. The old helper ends when its IPC channel closes. */
  drop(path: string): void {
    if (path !== this.#path) return;
    this.#current?.then(({ process }) => process.connected && process.disconnect()).catch(() => {});
    this.#current = undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const helper = (await this.#current)?.process;
    if (helper === undefined || helper.exitCode !== null || helper.signalCode !== null) return;
    const ended = once(helper, 'exit');
    helper.disconnect();
    await ended;
  }
}

interface Connection {
  socket: Socket;
  /** The path of the helper's socket, which identifies the helper. */
  path: string;
}

function startRun(run: GitRun, helpers: Helpers): GitChild {
  const request: RunRequest = {
    args: run.args,
    cwd: run.cwd,
    env: { ...ENVIRONMENT, ...run.env },
    fed: run.fed ?? false,
  };
  const connected = connect(helpers, request, run.signal);
  const stdin = inputOf(connected);
  const output = new Output(connected);
  const exit = connected.then(async ({ socket, path }) => {
    const result = await receive(socket, output);
    if (result !== undefined) return result;
    if (run.signal?.aborted || output.stdout.destroyed) throw aborted(run.signal);
    helpers.drop(path);
    throw new RepositoryError('git_failed', 'the git helper died during the run');
  });
  exit.catch((error) => {
    stdin.destroy(error);
    output.stdout.destroy(error);
  });
  return { stdin, stdout: output.stdout, exit };
}

async function connect(
  helpers: Helpers,
  request: RunRequest,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const path = await helpers.socketPath();
  if (signal?.aborted) throw aborted(signal);
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
  } catch (cause) {
    helpers.drop(path);
    throw new RepositoryError('git_failed', 'the git helper cannot be reached', { cause });
  }
  // The error needs no handling here: `receive` notices a broken connection, because its frames end.
  socket.on('error', () => undefined);
  const abort = () => socket.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal?.removeEventListener('abort', abort));
  if (signal?.aborted) abort();
  socket.write(frame(Kind.request, Buffer.from(JSON.stringify(request))));
  return { socket, path };
}

function aborted(signal: AbortSignal | undefined): RepositoryError {
  return new RepositoryError('git_failed', 'the run of git was aborted', { cause: signal?.reason });
}

function inputOf(connected: Promise<Connection>): Writable {
  const send = (bytes: Uint8Array, done: (error?: Error | null) => void) =>
    connected.then(({ socket }) => socket.write(frame(Kind.stdin, bytes), done), done);
  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      let at = 0;
      for (; chunk.length - at > FRAME_LIMIT; at += FRAME_LIMIT) {
        send(chunk.subarray(at, at + FRAME_LIMIT), () => undefined);
      }
      send(chunk.subarray(at), done);
    },
    final: (done) => void send(Buffer.alloc(0), done),
  });
  stdin.on('error', () => undefined);
  return stdin;
}

/** Standard output as a stream with backpressure: git pauses while the caller does not read. */
class Output {
  readonly stdout: Readable;
  #wake: () => void = () => undefined;

  constructor(connected: Promise<Connection>) {
    this.stdout = new Readable({
      read: () => this.#wake(),
      destroy: (error, done) => {
        this.#wake();
        connected.then(({ socket }) => socket.destroy()).catch(() => undefined);
        done(error);
      },
    });
    this.stdout.on('error', () => undefined);
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.stdout.push(bytes) || this.stdout.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Reads a run to its end. Returns undefined if the connection ended before git did. */
async function receive(socket: Socket, output: Output): Promise<RunResult | undefined> {
  try {
    for await (const { kind, payload } of frames(socket)) {
      if (kind === Kind.exit) {
        output.stdout.push(null);
        return JSON.parse(payload.toString()) as RunResult;
      }
      await output.write(payload);
    }
  } catch {
    // Reading from a reset or destroyed connection throws.
  }
  return undefined;
}

async function runToEnd(child: GitChild, run: GitRun & { input?: Uint8Array; allow?: number[] }) {
  child.stdin.end(run.input ?? new Uint8Array());
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > OUTPUT_LIMIT) {
      throw new RepositoryError(
        'git_failed',
        `git ${run.args[0]} printed more than ${OUTPUT_LIMIT} bytes`,
      );
    }
  }
  const { code, signal, stderr } = await child.exit;
  if (code === null || (code !== 0 && !run.allow?.includes(code))) {
    const why = stderr.trim() || `it ended with ${code ?? signal}`;
    throw new RepositoryError('git_failed', `git ${run.args[0]}: ${why}`);
  }
  return { code, stdout: Buffer.concat(chunks), stderr };
}
