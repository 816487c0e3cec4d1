/** Requests of git: valid ones with changes to packets, lengths, encoding and headers. */
import { gzipSync } from 'node:zlib';
import { FLUSH, textPacket, writePackets } from '../../repos/wire/pkt-line.ts';
import { pushBody } from '../repos/serve/raw.ts';
import { send } from './answer.ts';
import { changeOf } from './packs.ts';
import { mangle, type Random } from './random.ts';
import type { Subject } from './subject.ts';

/** Lengths of packets that are special, impossible or no numbers, and words of the protocol. */
const PIECES = [
  ...['0000', '0001', '0002', '0003', '0004', '0005', 'fff0', 'ffff', 'zzzz', '-001', '00 5'],
  ...[
    '0032want ',
    'have ',
    'done\n',
    'deepen 0\n',
    'deepen 999999999999\n',
    'shallow ',
    'filter x\n',
  ],
  ...['deepen-since -1\n', 'ref-prefix \n', 'want-ref refs/heads/../x\n', 'sideband-all\n'],
  ...['0'.repeat(40), 'f'.repeat(40), '\xff\xfe', '\r\n'],
];

const v2 = (command: string, args: string[]): Buffer =>
  Buffer.concat([
    writePackets([textPacket(`command=${command}`), textPacket('agent=git/2.47.0')]),
    Buffer.from('0001'),
    writePackets([...args.map(textPacket), FLUSH]),
  ]);

function bodyOf(random: Random, { head }: Subject): Buffer {
  const capabilities = 'multi_ack_detailed side-band-64k thin-pack ofs-delta filter shallow';
  return random.pick([
    () => v2('ls-refs', ['peel', 'symrefs', 'unborn', 'ref-prefix refs/heads/']),
    () => v2('fetch', ['thin-pack', 'ofs-delta', `want ${head}`, `have ${head}`, 'done']),
    () => v2('fetch', [`want ${head}`, 'deepen 1', 'filter blob:none', 'done']),
    () => v2('object-info', ['size', `oid ${head}`]),
    () =>
      writePackets([
        textPacket(`want ${head} ${capabilities}`),
        textPacket('deepen 2'),
        FLUSH,
        textPacket(`have ${head}`),
        textPacket('done'),
      ]),
    () => {
      const { pack, commit } = changeOf(random, head);
      const ref = `refs/heads/g${random.below(1e9)}`;
      return pushBody([{ ref, from: null, to: commit }], pack, ['atomic', 'push-options']);
    },
  ])();
}

const PROTOCOLS = [
  'version=2',
  'version=2',
  'version=1',
  'version=0',
  'version=99',
  'x'.repeat(200),
];

/** Sends one request. Returns what is wrong with the answer. */
export async function gitCase(random: Random, subject: Subject): Promise<string | undefined> {
  const service = random.pick(['git-upload-pack', 'git-receive-pack']);
  const headers: Record<string, string> = {
    ...subject.headers,
    'git-protocol': random.pick([...PROTOCOLS, 'version=2:version=1', ':::', 'version']),
  };
  if (random.chance(1, 10)) {
    const query = mangle(random, Buffer.from(`service=${service}`), ['%00', '&', '=']);
    const escaped = encodeURI(query.toString('latin1')).replaceAll('#', '%23');
    return await send(`${subject.gitUrl}/info/refs?${escaped}`, { headers });
  }
  headers['content-type'] = random.chance(9, 10)
    ? `application/x-${service}-request`
    : random.pick(['text/plain', 'application/json', 'application/x-git-upload-pack-request; a=b']);
  let body = bodyOf(random, subject);
  if (random.chance(9, 10)) body = mangle(random, body, PIECES);
  if (random.chance(1, 4)) {
    headers['content-encoding'] = random.pick(['gzip', 'x-gzip', 'deflate', 'br', 'identity']);
    body = gzipSync(body);
    if (random.chance(1, 3)) body = mangle(random, body);
  } else if (random.chance(1, 20)) {
    // Inflates to 64 MiB of packets.
    headers['content-encoding'] = 'gzip';
    body = gzipSync(Buffer.alloc(64 << 20, '0005x'));
  }
  return await send(`${subject.gitUrl}/${service}`, { method: 'POST', headers, body });
}
