/**
 * Answers requests that node:http cannot parse with a problem document. Writes the answer to the socket itself, because
 * Fastify does not get such requests.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Problem, type ProblemCode } from '../errors.ts';

const REASONS: Record<string, [ProblemCode, string]> = {
  HPE_HEADER_OVERFLOW: [
    'headers_too_large',
    'The address and the headers are longer than 16 KiB. Send long values in the body.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['too_slow', 'The request did not arrive in time. Send it again.'],
};
const ELSE: [ProblemCode, string] = ['malformed', 'This is not a valid HTTP request.'];

export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  // The client has disconnected and cannot read an answer.
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  answerSocket(socket, new Problem(...(REASONS[error.code ?? ''] ?? ELSE)));
  socket.destroy(error);
}

/** Writes a problem document to a connection whose request nobody will read. The caller must close the connection. */
export function answerSocket(socket: Socket, problem: Problem): void {
  const body = JSON.stringify(problem.toJSON());
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json',
    'x-content-type-options: nosniff',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  if (problem.retryAfter !== undefined) head.push(`retry-after: ${problem.retryAfter}`);
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
}
