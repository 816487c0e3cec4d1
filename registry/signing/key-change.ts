/**
 * Lets a lab computer that trusts one key trust the next. The document lists all keys and states the number of the
 * newest key. The newest and the previous key sign the document, as The Update Framework requires for root keys. Pure.
 */
import type { SigningKey } from './allowed-signers.ts';

/** The namespace of signatures of key lists (PROTOCOL.sshsig, "namespace"). */
export const KEYS = 'keys@pybirch-registry';

export function documentOf(keys: readonly SigningKey[]): string {
  const listed = keys.map(({ id, public_key, valid_after, valid_before }) => ({
    id,
    public_key,
    valid_after,
    valid_before,
  }));
  return JSON.stringify({ number: keys.length, keys: listed });
}

/** Douglas Crockford's base 32 alphabet, which has no I, L, O and U. */
export const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The first 80 bits of a fingerprint as 16 letters and digits, short enough to pass on with an enrolment code. */
export function shortFingerprint(fingerprint: string): string {
  const bytes = Buffer.from(fingerprint.slice('SHA256:'.length), 'base64').subarray(0, 10);
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => CROCKFORD[Number.parseInt(five, 2)]).join('');
}
