/** What a server says first: its refs and capabilities under v0 and v1, capabilities alone under v2. */
import {
  type Capabilities,
  readCapabilities,
  splitAtNul,
  words,
  writeCapabilities,
} from './capabilities.ts';
import { WireError } from './errors.ts';
import { parseOid, ZERO_OID } from './oid.ts';
import { FLUSH, packetText, readPackets, textPacket, writePackets } from './pkt-line.ts';

export type Service = 'git-upload-pack' | 'git-receive-pack';

export interface AdvertisedRef {
  name: string;
  oid: string;
  /** For an annotated tag, the object it stands for. */
  peeled?: string;
}

export interface RefAdvertisement {
  service: Service;
  version: 0 | 1;
  refs: AdvertisedRef[];
  capabilities: Capabilities;
}

export interface CapabilityAdvertisement {
  service: Service;
  version: 2;
  capabilities: Capabilities;
}

/** The name that stands for "no ref", so that capabilities have a line to stand on. */
const NO_REFS = 'capabilities^{}';

/** The body of `GET info/refs` (gitprotocol-http(5), "Smart Server Response"). */
export function writeAdvertisement(
  advertisement: RefAdvertisement | CapabilityAdvertisement,
): Buffer {
  const lines =
    advertisement.version === 2
      ? ['version 2', ...writeCapabilities(advertisement.capabilities)]
      : refLines(advertisement);
  return writePackets([
    textPacket(`# service=${advertisement.service}`),
    FLUSH,
    ...lines.map(textPacket),
    FLUSH,
  ]);
}

function refLines({ version, refs, capabilities }: RefAdvertisement): string[] {
  const lines = refs.flatMap(({ name, oid, peeled }) =>
    peeled === undefined ? [`${oid} ${name}`] : [`${oid} ${name}`, `${peeled} ${name}^{}`],
  );
  const first = lines.shift() ?? `${ZERO_OID} ${NO_REFS}`;
  lines.unshift(`${first}\0${writeCapabilities(capabilities).join(' ')}`);
  return version === 1 ? ['version 1', ...lines] : lines;
}

/** Reads what `writeAdvertisement` writes. Throws WireError. */
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
