/*
 * A client that sends only a part of a request, or does not read its response, occupies a connection and its memory.
 * The flaw: incomplete bodies stayed open as long as their senders liked. Verified with real sockets and short limits:
 * a client that stops or is too slow is disconnected, and gets an answer if possible. So is one whose body never ends.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { measurement, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { pushBody } from '../repos/serve/raw.ts';

let registry: TestRegistry;
t.before(async () => {
  registry = await startRegistry(t, {
    patience: 400,
    environment: { MAX_PACK_BYTES: String(2 ** 20) },
  });
  await registry.admin.client.labs.create({ name: 'Lab', code: 'LAB' });
  await registry.admin.client.definitions.create({
    name: 'Slow',
    source_code: measurement('Slow'),
    lab_id: 1,
  });
});

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(registry.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const head = (method: string, path: string, headers: Record<string, string>) =>
  [
    `${method} ${path} HTTP/1.1`,
    'host: x',
    ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`),
    '',
    '',
  ].join('\r\n');
const json = { 'content-type': 'application/json' };
const bearer = () => ({ authorization: `Bearer ${registry.admin.token}` });
const basic = () => ({
  authorization: `Basic ${Buffer.from(`x:${registry.admin.token}`).toString('base64')}`,
});
const git = (service: string) => ({
  ...basic(),
  'content-type': `application/x-${service}-request`,
});

const CHUNKED = { 'transfer-encoding': 'chunked' };
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
/** No JSON and no packets of git, but a stored block of the format deflate (RFC 1951, 3.2.4). */
const PIECE = chunk(
  Buffer.concat([Buffer.from('\0\xff\xff\0\0', 'latin1'), Buffer.alloc(0xffff, 'x')]),
);

/**
 * What the client sends before it stops, and how the answer begins. If no answer is possible, the pattern matches an
 * empty one.
 */
const HALVES: Record<string, [sent: () => string, answer: RegExp]> = {
  'nothing at all': [() => '', /^(HTTP\/1.1 408|$)/],
  'half a request line': [() => 'GET /heal', /^HTTP\/1.1 408/],
  'half of its headers': [() => 'GET /healthz HTTP/1.1\r\nhost: x\r\n', /^HTTP\/1.1 408/],
  'half a sign-in': [
    () => `${head('POST', '/api/auth/login', { ...json, 'content-length': '50' })}{"user`,
    /^HTTP\/1.1 408[\s\S]*application\/problem\+json/,
  ],
  'half a chunk': [
    () =>
      `${head('POST', '/api/auth/login', { ...json, 'transfer-encoding': 'chunked' })}20\r\n{"us`,
    /^HTTP\/1.1 408/,
  ],
  'half a definition': [
    () =>
      `${head('POST', '/api/instrument-definitions', { ...json, ...bearer(), 'content-length': '5000' })}{"name":`,
    /^HTTP\/1.1 408/,
  ],
  'half a body of a caller who may not send it': [
    () => `${head('POST', '/api/instrument-definitions', { ...json, 'content-length': '5000' })}{`,
    /^HTTP\/1.1 (401|408)/,
  ],
  'half a body to nowhere': [
    () => `${head('POST', '/nowhere', { ...json, 'content-length': '5000' })}{`,
    /^HTTP\/1.1 (404|408)/,
  ],
  'half a body of an unknown type': [
    () =>
      `${head('POST', '/api/auth/login', { 'content-type': 'x/y', 'content-length': '5000' })}{`,
    /^HTTP\/1.1 415/,
  ],
  'half a fetch': [
    () =>
      `${head('POST', '/definitions/Slow.git/git-upload-pack', { ...git('git-upload-pack'), 'content-length': '500' })}0011comm`,
    /^HTTP\/1.1 408/,
  ],
  'half a push': [
    () =>
      `${head('POST', '/definitions/Slow.git/git-receive-pack', { ...git('git-receive-pack'), 'transfer-encoding': 'chunked' })}4\r\n00`,
    /^HTTP\/1.1 408/,
  ],
  'half a push of a caller who may not push': [
    () =>
      `${head('POST', '/definitions/Slow.git/git-receive-pack', { 'content-length': '500' })}00`,
    /^HTTP\/1.1 401/,
  ],
};

for (const [what, [sent, answer]] of Object.entries(HALVES)) {
  t.test(`after ${what} the connection ends`, async (t) => {
    const socket = await open();
    const begun = performance.now();
    socket.write(sent());
    t.match(await text(socket), answer);
    t.ok(performance.now() - begun < 5000, 'soon');
  });
}

t.test('a body sent byte by byte is cut off although it never pauses', async (t) => {
  const socket = await open();
  socket.write(head('POST', '/api/auth/login', { ...json, 'content-length': '100000' }));
  const drops = setInterval(() => socket.write(' '), 20);
  t.match(await text(socket), /^HTTP\/1.1 408/);
  clearInterval(drops);
});

/**
 * Requests whose bodies never end. What comes after a refusal may fail later: by the time of the next test, this must not
 * have ended the process.
 */
const ENDLESS: Record<string, () => string | Buffer> = {
  'a sign-in': () => head('POST', '/api/auth/login', { ...json, ...CHUNKED }),
  'a definition': () =>
    head('POST', '/api/instrument-definitions', { ...json, ...bearer(), ...CHUNKED }),
  'a body to nowhere': () => head('POST', '/nowhere', { ...json, ...CHUNKED }),
  'a body of an unknown type': () =>
    head('POST', '/api/auth/login', { 'content-type': 'x/y', ...CHUNKED }),
  'a fetch': () =>
    head('POST', '/definitions/Slow.git/git-upload-pack', {
      ...git('git-upload-pack'),
      ...CHUNKED,
    }),
  'a push': () => {
    // One object of 2 GiB, whose compressed bytes are what follows.
    const pack = Buffer.from('PACK\0\0\0\x02\0\0\0\x01\xb0\x80\x80\x80\x40\x78\x01', 'latin1');
    const commands = [{ ref: 'refs/heads/endless', from: null, to: 'a'.repeat(40) }];
    const about = { ...git('git-receive-pack'), ...CHUNKED };
    const start = head('POST', '/definitions/Slow.git/git-receive-pack', about);
    return Buffer.concat([Buffer.from(start), chunk(pushBody(commands, pack))]);
  },
  'a fetch that inflates to 64 MiB': () => {
    const about = { ...git('git-upload-pack'), ...CHUNKED, 'content-encoding': 'gzip' };
    const start = head('POST', '/definitions/Slow.git/git-upload-pack', about);
    return Buffer.concat([Buffer.from(start), chunk(gzipSync(Buffer.alloc(64 << 20, '0005x')))]);
  },
};

for (const [what, start] of Object.entries(ENDLESS)) {
  t.test(`${what} that never ends is cut off`, async (t) => {
    const socket = await open();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const begun = performance.now();
    // If the connection is cut off while bytes are under way, the answer may be lost.
    let answer = '';
    const more = () => {
      while (!socket.destroyed && socket.write(PIECE));
    };
    socket.on('drain', more).setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.write(start());
    more();
    await closed;
    t.match(answer, /^(HTTP\/1.1 (4|200)|$)/);
    t.ok(performance.now() - begun < 5000, 'soon');
  });
}

t.test('a client that does not read responses is disconnected', async (t) => {
  const accepted = once(registry.server, 'connection') as Promise<[Socket]>;
  const socket = await open();
  const [theirs] = await accepted;
  socket.pause();
  const dropped = once(theirs, 'close', { signal: AbortSignal.timeout(20_000) });
  const closed = once(socket, 'close');
  const asked = head('GET', '/openapi.json', {});
  // More data than the buffers of any system can hold.
  socket.write(asked.repeat(100));
  await dropped;
  t.ok(theirs.bytesWritten > 0, 'the registry sent a part of the responses first');
  socket.destroy();
  await closed;
});

t.test('a client that sends in pieces within the limits is served', async (t) => {
  const socket = await open();
  const body = JSON.stringify({ username: 'root', password: 'password of root' });
  socket.write(
    head('POST', '/api/auth/login', {
      ...json,
      connection: 'close',
      'content-length': `${body.length}`,
    }),
  );
  for (const letter of body) {
    socket.write(letter);
    await new Promise(setImmediate);
  }
  t.match(await text(socket), /^HTTP\/1.1 200/);
});
