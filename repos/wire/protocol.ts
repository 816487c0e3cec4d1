export type ProtocolVersion = 0 | 1 | 2;

/**
 * The version that a `Git-Protocol` header requests: the highest known one in its list (`version=2:other`),
 * or 0 if it lists none (gitprotocol-v2(5), "Initial Client Request").
 */
export function requestedVersion(header: string | undefined): ProtocolVersion {
  let version: ProtocolVersion = 0;
  for (const key of (header ?? '').split(':')) {
    if (key === 'version=2') version = 2;
    if (key === 'version=1' && version === 0) version = 1;
  }
  return version;
}
