/**
 * Keeps connections from taking all files that the process may open. Without this limit, 120 idle connections to a server
 * that may open 128 files would keep it from accepting, from reading repositories and from running git.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Problem } from '../errors.ts';
import { answerSocket } from './unreadable.ts';

/** Seconds after which a refused client should try again. */
const RETRY_AFTER = 5;

/**
 * While more than `limit` connections are open, each new connection closes an idle one: first the oldest that has never
 * sent a request, then the oldest that waits for its next request. If every connection is busy, the new one gets 503.
 */
export function limitConnections(server: Server, limit: number): void {
  if (!Number.isFinite(limit)) return;
  /** Open connections, the oldest first, with their last answer. */
  const open = new Map<Socket, ServerResponse | undefined>();
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (open.has(socket)) open.set(socket, response);
  });
  server.on('connection', (socket: Socket) => {
    socket.once('close', () => open.delete(socket));
    if (open.size >= limit) {
      const idle = oldest(open, isUnused) ?? oldest(open, isWaiting);
      if (idle === undefined) return refuse(socket);
      open.delete(idle);
      idle.destroy();
    }
    open.set(socket, undefined);
  });
}

const isUnused = (answer: ServerResponse | undefined): boolean => answer === undefined;
const isWaiting = (answer: ServerResponse | undefined): boolean => answer?.writableFinished ?? true;

function oldest<K, V>(all: ReadonlyMap<K, V>, matches: (value: V) => boolean): K | undefined {
  for (const [key, value] of all) if (matches(value)) return key;
  return undefined;
}

function refuse(socket: Socket): void {
  const detail = 'The registry serves as many connections as it may. Try again in a few seconds.';
  answerSocket(socket, new Problem('unavailable', detail, undefined, { retryAfter: RETRY_AFTER }));
  socket.destroySoon();
}
