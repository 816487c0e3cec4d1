/**
 * The first message of a server. The message lists refs and capabilities under v0 and v1, and only capabilities under
 * v2.
 */
import { type Capabilities, writeCapabilities } from './capabilities.ts';
import { ZERO_OID } from './oid.ts';
import { FLUSH, textPacket, writePackets } from './pkt-line.ts';

export type Service = 'git-upload-pack' | 'git-receive-pack';

export interface AdvertisedRef {
  name: string;
  oid: string;
  /** The object that an annotated tag points to. */
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

/** The name that takes the place of a ref if there is none, because the first line must also list the capabilities. */
export const NO_REFS = 'capabilities^{}';

/** Writes the answer to `GET info/refs` (gitprotocol-http(5), "Smart Server Response"). */
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
