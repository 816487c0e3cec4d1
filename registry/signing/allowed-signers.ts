/** Pure: what a signature on a version's tag is worth, and the same in the words of ssh-keygen(1). */
import type { Version } from '../../repos/types.ts';
import { fingerprintOf, SignatureError, verifySsh } from './sshsig.ts';

/** What git asks of signatures on its objects (git-config(1), `gpg.ssh.allowedSignersFile`). */
export const NAMESPACE = 'git';

/** See key-change.ts. */
export interface KeyChange {
  /** JSON: `number` and `keys`, oldest first, each with `id`, `public_key`, `valid_after` and `valid_before`. */
  document: string;
  /** Over it: by the newest key, and by the one before, where that one's private part was there to sign. */
  signatures: string[];
}

export interface SigningKey {
  /** Counts from 1; the newest is in use. */
  id: number;
  /** As in a `.pub` file, without a comment. */
  public_key: string;
  /** `SHA256:…`, as ssh-keygen and git print it. */
  fingerprint: string;
  /** Dates of tags that it may have signed, both included; whole seconds, as in tags. */
  valid_after: string;
  /** Null while it is in use. */
  valid_before: string | null;
  /** How it took over; absent of keys that did so before changes were signed. */
  change?: KeyChange;
}

export interface Judged {
  /** Fingerprint of the key that signed the tag, or null where no signature holds. */
  key: string | null;
  /** Why it is not to be believed, or null where it is. */
  fault: string | null;
}

/** Believes what stock git believes with `allowedSigners` of the same keys. */
export function judgeSignature(
  { taggedAt, signed }: Pick<Version, 'taggedAt' | 'signed'>,
  keys: readonly SigningKey[],
): Judged {
  if (signed === null) return { key: null, fault: 'it has none' };
  let key: string;
  try {
    key = fingerprintOf(verifySsh(signed.payload, signed.signature, NAMESPACE));
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return { key: null, fault: error.message };
  }
  const known = keys.find(({ fingerprint }) => fingerprint === key);
  if (!known) return { key, fault: `${key} is no key of this registry` };
  const at = taggedAt.getTime();
  const after = Date.parse(known.valid_after);
  const before = known.valid_before === null ? Infinity : Date.parse(known.valid_before);
  if (at >= after && at <= before) return { key, fault: null };
  return { key, fault: `${key} was not valid at ${taggedAt.toISOString()}` };
}

/**
 * A line of ssh-keygen(1)'s "ALLOWED SIGNERS". The times end in Z for UTC, which OpenSSH reads from 9.1 on; without
 * it they would mean another time in every time zone.
 */
export function allowedSigner(principal: string, key: SigningKey): string {
  const options = [
    `namespaces="${NAMESPACE}"`,
    `valid-after="${compact(key.valid_after)}"`,
    ...(key.valid_before === null ? [] : [`valid-before="${compact(key.valid_before)}"`]),
  ];
  return `${principal} ${options.join(',')} ${key.public_key}`;
}

/** `20260102030405Z` */
const compact = (time: string): string => time.replace(/[-:T]/g, '');
