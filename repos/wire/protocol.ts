export type ProtocolVersion = 0 | 1 | 2;

/**
 * Returns the protocol version that a `Git-Protocol` header requests (gitprotocol-v2(5), "Initial Client Request"). If
 * the header lists several versions (`version=1:version=2`), the highest known one counts. If the header lists none,
 * the version is 0.
 */
export function requestedVersion(header: string | undefined): ProtocolVersion {
  let version: ProtocolVersion = 0;
  for (const key of (header ?? '').split(':')) {
    if (key === 'version=2') version = 2;
    if (key === 'version=1' && version === 0) version = 1;
  }
  return version;
}
