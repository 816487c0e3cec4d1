/**
 * The git helper: a small process that starts git for the registry. Starting a process blocks the event loop in
 * proportion to the memory of the starting process. So the large server lets this small process start git. process.ts
 * runs it with the path of its socket. The helper ends when the IPC channel to its parent closes.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { frame, frames, Kind, type RunRequest, type RunResult } from './frames.ts';
import { Slots } from './slots.ts';

const STDERR_KEPT = 64 * 1024;
/**
 * How long git may take to end by itself after its caller has gone. Git cleans up when its input ends, but leaves
 * temporary files behind when it is killed.
 */
const GRACE_MS = 10_000;

/**
 * At most 16 git processes run at once, and further runs wait. The processor limits git processes, so more of them
 * would only make each one slower, and each needs some tens of MiB.
 */
const places = new Slots(16);
/** Runs with input from a client mostly wait for that client, so they have slots of their own. */
const fedPlaces = new Slots(8);

async function serve(connection: Socket): Promise<void> {
  const incoming = frames(connection);
  const first = await incoming.next();
  if (first.done) return;
  const closed = new AbortController();
  connection.once('close', () => closed.abort());
  const finish = (result: RunResult) => {
    connection.end(frame(Kind.exit, Buffer.from(JSON.stringify(result))));
  };
  const failed = (error: Error) => finish({ code: null, signal: null, stderr: error.message });
  const { args, cwd, env, fed } = JSON.parse(first.value.payload.toString()) as RunRequest;
  const free = await (fed ? fedPlaces : places).take(closed.signal);
  if (free === undefined) return;
  let child: ChildProcessWithoutNullStreams;
  try {
    child = spawn('git', args, { cwd, env });
  } catch (error) {
    // spawn throws if an argument is invalid, for example if it contains a NUL.
    free();
    return failed(error as Error);
  }

  closed.signal.addEventListener('abort', () => {
    child.stdin.end();
    child.stdout.resume();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const kill = setTimeout(() => child.kill('SIGTERM'), GRACE_MS);
    child.once('close', () => clearTimeout(kill));
  });
  // git may end before it has read all of its input; its exit code shows whether that is an error.
  child.stdin.on('error', () => undefined);

  let stderr = Buffer.alloc(0);
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_KEPT);
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (closed.signal.aborted || connection.write(frame(Kind.stdout, chunk))) return;
    child.stdout.pause();
    connection.once('drain', () => child.stdout.resume());
  });

  child.once('error', (error) => {
    free();
    failed(error);
  });
  child.once('close', (code, signal) => {
    free();
    if (!connection.writableEnded) finish({ code, signal, stderr: stderr.toString() });
  });
  await feed(incoming, child.stdin);
}

async function feed(incoming: ReturnType<typeof frames>, stdin: Writable): Promise<void> {
  for await (const { payload } of incoming) {
    if (payload.length === 0) stdin.end();
    else if (stdin.writable) await new Promise((resolve) => stdin.write(payload, resolve));
  }
}

const path = process.argv[2];
if (path === undefined || process.send === undefined) {
  throw new Error(
    'the git helper needs a socket path as its argument and an IPC channel to its parent',
  );
}
const server = createServer((connection) => {
  // The error needs no handling: 'close' follows and ends git, and the caller has noticed the broken connection itself.
  connection.on('error', () => undefined);
  serve(connection).catch(() => connection.destroy());
});
server.listen(path, () => process.send?.('ready'));
process.once('disconnect', () => {
  server.close();
  void rm(dirname(path), { recursive: true, force: true });
});
