/** Raw HTTP: request lines, headers and framing that no client library sends. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { faultOf } from './answer.ts';
import { mangle, type Random } from './random.ts';
import type { Subject } from './subject.ts';

export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const PATHS = [
  ...['/healthz', '/', '/api/instrument-definitions', '/definitions/Fuzzed.git/info/refs', '/docs'],
  ...[
    '/api/../%2e%2e/',
    '//',
    '/%',
    '/%00',
    '*',
    'http://x/',
    '/api/events',
    `/${'a/'.repeat(3000)}`,
  ],
];
const NAMES = ['x', 'accept', 'cookie', 'authorization', 'range', 'if-none-match', 'git-protocol'];
const HIDDEN = 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n';

function requestOf(random: Random): Buffer {
  const method = random.pick([
    'GET',
    'GET',
    'POST',
    'PUT',
    'OPTIONS',
    'TRACE',
    'CONNECT',
    'get',
    'X Y',
  ]);
  const version = random.chance(9, 10) ? 'HTTP/1.1' : random.pick(['HTTP/1.0', 'HTTP/9', 'HTTP']);
  const headers = ['host: x'];
  for (let count = random.below(5); count > 0; count -= 1) {
    const value = random.chance(1, 10)
      ? 'v'.repeat(random.below(40_000))
      : random.bytes(random.below(30)).toString('latin1');
    headers.push(`${random.pick(NAMES)}:${random.pick(['', ' ', '\t'])}${value}`);
  }
  if (random.chance(1, 15)) headers.push(...Array.from({ length: 3000 }, (_, n) => `h${n}: 1`));
  if (random.chance(1, 4))
    headers.push(
      `content-length: ${random.pick(['5', '0', '-1', '5, 5', '1e9', '99999999999999999999'])}`,
    );
  if (random.chance(1, 4))
    headers.push(
      `transfer-encoding: ${random.pick(['chunked', 'gzip, chunked', 'Chunked', 'x-chunked', 'chunked, identity'])}`,
    );
  if (random.chance(1, 10))
    headers.push(
      random.pick(['upgrade: websocket', 'expect: 100-continue', 'expect: x']),
      'connection: upgrade',
    );
  const end = random.pick(['\r\n', '\r\n', '\r\n', '\n']);
  const body = random.pick([
    '',
    'x=1&y',
    '5\r\nhello\r\n0\r\n\r\n',
    'zz\r\n',
    '0\r\n\r\n',
    'ffffffffffffffff\r\nx',
  ]);
  // Larger than any body but a push may be.
  const large = random.chance(1, 40) ? `400000\r\n${'x'.repeat(0x400000)}\r\n0\r\n\r\n` : '';
  const head = [`${method} ${random.pick(PATHS)} ${version}`, ...headers, '', ''].join(end);
  const bytes = Buffer.from(head + (large || body), 'latin1');
  return random.chance(1, 3) ? mangle(random, bytes, ['\0', '\r', '\n', ':', ' ']) : bytes;
}

/** Reads until the registry closes the connection, or has been silent for so long. */
async function answerOf(socket: Socket, silence: number): Promise<string> {
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    if (answer.length < 1_000_000) answer += text;
  });
  socket.setTimeout(silence, () => socket.destroy());
  // `once` would reject if the registry resets the connection, which it may do.
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

/** Sends one request on a connection of its own. Returns what is wrong with the answer. */
export async function httpCase(random: Random, { url }: Subject): Promise<string | undefined> {
  const socket = await openSocket(url);
  const smuggles = random.chance(1, 8);
  const request = smuggles
    ? `POST /healthz HTTP/1.1\r\nhost: x\r\n${random.pick([
        'content-length: 5\r\ntransfer-encoding: chunked',
        'transfer-encoding: chunked\r\ncontent-length: 5',
        'content-length: 5\r\ncontent-length: 6',
        'transfer-encoding: chunked\r\ntransfer-encoding: identity\r\ncontent-length: 5',
        'transfer-encoding:\tchunked\r\ncontent-length: 5',
      ])}\r\n\r\n0\r\n\r\n${HIDDEN}`
    : requestOf(random);
  socket.write(request);
  if (random.chance(1, 10)) socket.end();
  const answer = await answerOf(socket, 300);
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) =>
    Number(status),
  );
  if (smuggles && (statuses.length > 1 || statuses[0] === 200))
    return `a request hidden in a body was answered: ${statuses}`;
  return statuses.map((status) => faultOf(status, answer)).find((fault) => fault !== undefined);
}
