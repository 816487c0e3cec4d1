/**
 * Lets a running server execute the commands of other processes, because the embedded database serves only one process.
 * The commands reach the server through a socket in DATA_DIR, which only the server's account can open. Client and
 * server send one JSON value per line. The client sends the request; the server sends lines for the terminal, then the
 * exit code.
 */
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { withShortPath } from './short-path.ts';
import type { Terminal } from './terminal.ts';

export interface CommandRequest {
  command: string;
  options: Record<string, unknown>;
}

export type RunCommand = (request: CommandRequest, terminal: Terminal) => Promise<number>;

type Message =
  | { out: string }
  | { err: string }
  | { progress: [done: number, total: number, label: string] }
  | { exit: number };

/**
 * Executes the commands that arrive at the socket `path`. The caller has locked the data folder, so an existing socket is
 * left over from an earlier server and is deleted.
 */
export async function serveCommands(path: string, run: RunCommand): Promise<Server> {
  await rm(path, { force: true });
  const server = createServer((socket) => {
    // If a client disconnects early (Ctrl-C), the command continues in the server.
    const leave = () => socket.destroy();
    socket.on('error', leave);
    answer(socket, run).catch(leave);
  });
  await withShortPath(path, async (short) => {
    server.listen(short);
    await once(server, 'listening');
  });
  await chmod(path, 0o600);
  return server;
}

async function answer(socket: Socket, run: RunCommand): Promise<void> {
  const say = (message: Message) => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
  };
  const terminal: Terminal = {
    out: (text) => say({ out: text }),
    err: (text) => say({ err: text }),
    progress: (...progress) => say({ progress }),
  };
  const lines = createInterface({ input: socket });
  // readline emits the errors of its input. Without a listener, these errors would end the process.
  lines.on('error', () => socket.destroy());
  for await (const line of lines) {
    say({ exit: await runRequest(line, run, terminal) });
    socket.end();
    return;
  }
}

async function runRequest(line: string, run: RunCommand, terminal: Terminal): Promise<number> {
  try {
    return await run(JSON.parse(line) as CommandRequest, terminal);
  } catch (error) {
    terminal.err((error as Error).message);
    return 1;
  }
}

/** Lets the server at the socket `path` execute a command. Returns undefined if no server listens there. */
export async function askServer(
  path: string,
  request: CommandRequest,
  terminal: Terminal,
): Promise<number | undefined> {
  let socket: Socket;
  try {
    socket = await withShortPath(path, async (short) => {
      const socket = createConnection(short);
      await once(socket, 'connect');
      return socket;
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
  socket.write(`${JSON.stringify(request)}\n`);
  for await (const line of createInterface({ input: socket })) {
    const message = JSON.parse(line) as Message;
    if ('out' in message) terminal.out(message.out);
    else if ('err' in message) terminal.err(message.err);
    else if ('progress' in message) terminal.progress(...message.progress);
    else return message.exit;
  }
  terminal.err('The server stopped before the command was complete.');
  return 1;
}
