/** Judges the signature on a version's tag, and writes the same rule in ssh-keygen(1)'s format. Pure. */
import type { Version } from '../../repos/types.ts';
import { fingerprintOf, SignatureError, verifySsh } from './sshsig.ts';

/**
 * The namespace that git requires of signatures on its objects (git-config(1), `gpg.ssh.allowedSignersFile`).
 */
export const NAMESPACE = 'git';

/** See key-change.ts. */
export interface KeyChange {
  /** JSON with `number` and `keys`. The keys are listed oldest first; each has `id`, `public_key`, `valid_after` and `valid_before`. */
  document: string;
  /**
   * Signatures of `document`: by the newest key, and by the previous key if its private part was available.
   */
  signatures: string[];
}

export interface SigningKey {
  /** Counts from 1; the key with the highest id is in use. */
  id: number;
  /** As in a `.pub` file, without a comment. */
  public_key: string;
  /** `SHA256:…`, as ssh-keygen and git print it. */
  fingerprint: string;
  /** First and last date, both inclusive, of tags that the key may sign. Whole seconds, as in tags. */
  valid_after: string;
  /** Null while the key is in use. */
  valid_before: string | null;
  /** The signed change to this key. Absent for keys from before changes were signed. */
  change?: KeyChange;
}

export interface Judged {
  /** Fingerprint of the key that signed the tag, or null if no signature is valid. */
  key: string | null;
  /** The reason not to trust the signature, or null if it is trustworthy. */
  fault: string | null;
}

/** Accepts exactly the signatures that stock git accepts with `allowedSigners` of the same keys. */
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
  if (!known) return { key, fault: `${key} is not a key of this registry` };
  const at = taggedAt.getTime();
  const after = Date.parse(known.valid_after);
  const before = known.valid_before === null ? Infinity : Date.parse(known.valid_before);
  if (at >= after && at <= before) return { key, fault: null };
  return { key, fault: `${key} was not valid at ${taggedAt.toISOString()}` };
}

/**
 * One line in ssh-keygen(1)'s "ALLOWED SIGNERS" format. The times end in Z for UTC, which OpenSSH supports
 * since 9.1; without it, OpenSSH would read them in the local time zone.
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
