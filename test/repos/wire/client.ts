/** The client's side of the git protocol: writes requests that the product parses, and parses its answers. */
import {
  type AdvertisedRef,
  type CapabilityAdvertisement,
  NO_REFS,
  type RefAdvertisement,
} from '../../../repos/wire/advertisement.ts';
import {
  type Capabilities,
  readCapabilities,
  splitAtNul,
  words,
  writeCapabilities,
} from '../../../repos/wire/capabilities.ts';
import { WireError } from '../../../repos/wire/errors.ts';
import type { ListedRef, LsRefsRequest } from '../../../repos/wire/ls-refs.ts';
import { parseOid, ZERO_OID } from '../../../repos/wire/oid.ts';
import {
  FLUSH,
  type Packet,
  packetText,
  readPackets,
  textPacket,
  writePackets,
} from '../../../repos/wire/pkt-line.ts';
import type { CommandList } from '../../../repos/wire/push.ts';
import type { RefResult, Report } from '../../../repos/wire/report.ts';
import type { Band } from '../../../repos/wire/side-band.ts';

/** Parses an advertisement of `writeAdvertisement`. Throws WireError. */
export function parseAdvertisement(bytes: Buffer): RefAdvertisement | CapabilityAdvertisement {
  const [service, flush, ...packets] = readPackets(bytes);
  if (!Buffer.isBuffer(service) || flush !== FLUSH || packets.pop() !== FLUSH)
    throw new WireError('not an advertisement');
  const lines = packets.map((packet) => {
    if (typeof packet === 'string') throw new WireError('not an advertisement');
    return packetText(packet);
  });
  const name = packetText(service).replace(/^# service=/, '');
  if (name !== 'git-upload-pack' && name !== 'git-receive-pack')
    throw new WireError('not an advertisement');
  if (lines[0] === 'version 2')
    return { service: name, version: 2, capabilities: readCapabilities(lines.slice(1)) };
  const version = lines[0] === 'version 1' ? 1 : 0;
  return { service: name, version, ...parseRefLines(lines.slice(version)) };
}

function parseRefLines(lines: string[]): Pick<RefAdvertisement, 'refs' | 'capabilities'> {
  const refs: AdvertisedRef[] = [];
  let capabilities: Capabilities = new Map();
  for (const line of lines) {
    const [ref, list] = splitAtNul(line);
    if (list !== undefined) capabilities = readCapabilities(words(list));
    const oid = parseOid(ref.slice(0, 40));
    const name = ref.slice(41);
    const last = refs.at(-1);
    if (name === NO_REFS) continue;
    if (last !== undefined && name === `${last.name}^{}`) last.peeled = oid;
    else refs.push({ name, oid });
  }
  return { refs, capabilities };
}

export function writeLsRefsArgs({ peel, symrefs, unborn, prefixes }: LsRefsRequest): string[] {
  return [
    ...(peel ? ['peel'] : []),
    ...(symrefs ? ['symrefs'] : []),
    ...(unborn ? ['unborn'] : []),
    ...prefixes.map((prefix) => `ref-prefix ${prefix}`),
  ];
}

/** Parses an answer of `writeLsRefsAnswer`. Throws WireError. */
export function parseLsRefsAnswer(bytes: Buffer): ListedRef[] {
  const packets = readPackets(bytes);
  if (packets.pop() !== FLUSH) throw new WireError('not an answer to ls-refs');
  return packets.map((packet) => {
    if (typeof packet === 'string') throw new WireError('not an answer to ls-refs');
    const [oid = '', name = '', ...attributes] = packetText(packet).split(' ');
    const ref: ListedRef = { name, oid: oid === 'unborn' ? null : parseOid(oid) };
    for (const attribute of attributes) {
      const [key, value = ''] = attribute.split(/:(.*)/s);
      if (key === 'symref-target') ref.symref = value;
      if (key === 'peeled') ref.peeled = parseOid(value);
    }
    return ref;
  });
}

export function writeCommandList({ commands, capabilities, shallow }: CommandList): Buffer {
  const list = writeCapabilities(capabilities).join(' ');
  const lines = commands.map(
    ({ ref, from, to }, i) =>
      `${from ?? ZERO_OID} ${to ?? ZERO_OID} ${ref}${i === 0 ? `\0${list}` : ''}`,
  );
  return writePackets([
    ...shallow.map((oid) => textPacket(`shallow ${oid}`)),
    ...lines.map((line) => Buffer.from(line)),
    FLUSH,
  ]);
}

export function writePushOptions(options: string[]): Buffer {
  return writePackets([...options.map((option) => Buffer.from(option)), FLUSH]);
}

/** Parses a report of `writeReport`. Throws WireError. */
export function parseReport(bytes: Buffer): Report {
  const packets = readPackets(bytes);
  if (packets.pop() !== FLUSH) throw new WireError('not a report');
  const [unpack, ...lines] = packets.map((packet) => {
    if (typeof packet === 'string') throw new WireError('not a report');
    return packetText(packet);
  });
  if (!unpack?.startsWith('unpack ')) throw new WireError('not a report');
  const result = unpack.slice('unpack '.length);
  return { unpackError: result === 'ok' ? null : result, refs: lines.map(parseResult) };
}

function parseResult(line: string): RefResult {
  const [, status, ref, reason = ''] = /^(ok|ng) (\S+)(?: (.*))?$/.exec(line) ?? [];
  if (ref === undefined) throw new WireError('not a report');
  return status === 'ok' ? { ref, ok: true } : { ref, ok: false, reason };
}

/** Returns the content of each stream, up to the final flush packet. Throws WireError. */
export function parseSideBand(packets: Iterable<Packet>): Record<Band, Buffer> {
  const pieces: Record<Band, Buffer[]> = { 1: [], 2: [], 3: [] };
  for (const packet of packets) {
    if (packet === FLUSH) break;
    const band = typeof packet === 'string' ? undefined : packet[0];
    if (typeof packet === 'string' || (band !== 1 && band !== 2 && band !== 3))
      throw new WireError('not a side band');
    pieces[band].push(packet.subarray(1));
  }
  return { 1: Buffer.concat(pieces[1]), 2: Buffer.concat(pieces[2]), 3: Buffer.concat(pieces[3]) };
}
