import { MAIN } from '../../text/refs.ts';
import type { Repository } from '../types.ts';
import { type AdvertisedRef, type Service, writeAdvertisement } from '../wire/advertisement.ts';
import { readCapabilities } from '../wire/capabilities.ts';
import { requestedVersion } from '../wire/protocol.ts';
import { AGENT } from './agent.ts';
import { type Answer, gitAnswer } from './answer.ts';
import { type Visible, type VisibleRefs, visibleRefs } from './visible-refs.ts';

export interface AdvertiseRequest {
  service: Service;
  /** The `Git-Protocol` header. */
  gitProtocol: string | undefined;
  visible: Visible;
}

/** The offer under protocol v2: `wait-for-done` lets clients negotiate without a pack, `filter` lets them clone partially. */
const UPLOAD_V2 = writeAdvertisement({
  service: 'git-upload-pack',
  version: 2,
  capabilities: readCapabilities([
    `agent=${AGENT}`,
    'ls-refs=unborn',
    'fetch=shallow wait-for-done filter',
    'object-format=sha1',
  ]),
});

/**
 * The capabilities that git's upload-pack offers under v0. Git itself answers the requests that use these capabilities.
 */
const UPLOAD = [
  'multi_ack',
  'thin-pack',
  'side-band',
  'side-band-64k',
  'ofs-delta',
  'shallow',
  'deepen-since',
  'deepen-not',
  'deepen-relative',
  'no-progress',
  'include-tag',
  'multi_ack_detailed',
  'allow-tip-sha1-in-want',
  'allow-reachable-sha1-in-want',
  'no-done',
];

const RECEIVE = [
  'report-status',
  'delete-refs',
  'side-band-64k',
  'quiet',
  'atomic',
  'ofs-delta',
  'push-options',
  // Without `no-thin`, a pushed delta could be based on an object that the pusher may not see.
  'no-thin',
  'object-format=sha1',
  `agent=${AGENT}`,
];

/** Answers `GET info/refs?service=…`. Like git, answers pushing clients with v0 if they ask for v2, which has no push. */
export async function advertise(
  repository: Repository,
  { service, gitProtocol, visible }: AdvertiseRequest,
): Promise<Answer> {
  const version = requestedVersion(gitProtocol);
  return gitAnswer(`${service}-advertisement`, await advertisement());

  async function advertisement(): Promise<Buffer> {
    if (service === 'git-upload-pack' && version === 2) return UPLOAD_V2;
    const listed = await visibleRefs(repository, visible);
    const shown = version === 1 ? 1 : 0;
    return service === 'git-upload-pack'
      ? writeAdvertisement({ service, version: shown, ...uploadRefs(listed) })
      : writeAdvertisement({
          service,
          version: shown,
          refs: listed.refs.map(([name, { oid }]) => ({ name, oid })),
          capabilities: readCapabilities(RECEIVE),
        });
  }
}

function uploadRefs({ refs, head }: VisibleRefs) {
  const lines: AdvertisedRef[] = refs.map(([name, ref]) => ({ name, ...ref }));
  if (head !== undefined) lines.unshift({ name: 'HEAD', oid: head.oid });
  const symref = head === undefined ? [] : [`symref=HEAD:${MAIN}`];
  const rest = ['filter', 'object-format=sha1', `agent=${AGENT}`];
  return { refs: lines, capabilities: readCapabilities([...UPLOAD, ...symref, ...rest]) };
}
