/**
 * How a computer that trusts one key comes to trust the next: a list of all keys, numbered as the newest of them, signed by
 * that one and by the one before it (The Update Framework's rule for its root keys). Pure.
 */
import type { SigningKey } from './allowed-signers.ts';

/** The purpose that these signatures are made for. */
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

/** Douglas Crockford's base 32: no I, L, O or U. */
export const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The first 80 bits of a fingerprint, for people to carry along with a code: 16 letters. */
export function shortFingerprint(fingerprint: string): string {
  const bytes = Buffer.from(fingerprint.slice('SHA256:'.length), 'base64').subarray(0, 10);
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => CROCKFORD[Number.parseInt(five, 2)]).join('');
}
