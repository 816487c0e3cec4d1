/**
 * Judges the signature on a version's tag. Writes keys in ssh-keygen(1)'s allowed-signers format, so that git comes to
 * the same result. Pure.
 */
import type { Version } from '../../repos/types.ts';
import { fingerprintOf, SignatureError, verifySsh } from './sshsig.ts';

/** The namespace that git requires in signatures of its objects (git-config(1), `gpg.ssh.allowedSignersFile`). */
export const NAMESPACE = 'git';

/** A signed list of all keys, which lets a lab computer trust a new key (see key-change.ts). */
export interface KeyChange {
  /**
   * JSON with `number` and `keys`. The keys are listed oldest first; each has `id`, `public_key`, `valid_after` and
   * `valid_before`.
   */
  document: string;
  /** Signatures of `document` by the newest key and, if its private part was available, by the previous key. */
  signatures: string[];
}

export interface SigningKey {
  /** The number of the key, counted from 1. The key with the highest number is in use. */
  id: number;
  /** The key as in a `.pub` file, without a comment. */
  public_key: string;
  /** The fingerprint `SHA256:…`, as ssh-keygen and git print it. */
  fingerprint: string;
  /** The key may sign tags dated from this time on. Times are in whole seconds, as in tags. */
  valid_after: string;
  /** The key may sign tags dated up to this time; null while the key is in use. */
  valid_before: string | null;
  /**
   * The signed list that introduced this key. The field is absent if the key was created before the registry signed
   * changes of keys.
   */
  change?: KeyChange;
}

export interface Judged {
  /** The fingerprint of the key that signed the tag, or null if there is no valid signature. */
  key: string | null;
  /** The reason not to trust the signature, or null if it can be trusted. */
  fault: string | null;
}

/**
 * Decides whether to trust the signature. The result is the same as git's with an `allowedSigners` file of these keys.
 */
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
 * One line in ssh-keygen(1)'s "ALLOWED SIGNERS" format. The times end in Z for UTC, which OpenSSH supports since 9.1.
 * Without the Z, OpenSSH would read times in the local time zone.
 */
export function allowedSigner(principal: string, key: SigningKey): string {
  const options = [
    `namespaces="${NAMESPACE}"`,
    `valid-after="${compact(key.valid_after)}"`,
    ...(key.valid_before === null ? [] : [`valid-before="${compact(key.valid_before)}"`]),
  ];
  return `${principal} ${options.join(',')} ${key.public_key}`;
}

/** Writes a time as `20260102030405Z`. */
const compact = (time: string): string => time.replace(/[-:T]/g, '');
