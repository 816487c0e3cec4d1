/** Generates, hashes and verifies passwords, tokens and enrolment codes. */
import { hash as digest, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Slots } from '../../../repos/slots.ts';
import { CROCKFORD } from '../../signing/key-change.ts';

/**
 * The prefixes of the tokens of people and of computers. The prefixes help scanners and people to recognize a leaked
 * token.
 */
export const TOKEN_PREFIX = 'pbr_';
export const COMPUTER_TOKEN_PREFIX = 'pbc_';

/**
 * How many passwords are hashed at the same time. Other passwords wait in order, because each hash takes 19 MiB and one
 * of the four threads that libuv also uses for files.
 */
const AT_ONCE = new Slots(2);

/**
 * Hashes a password with argon2id and the first parameters that OWASP recommends: 19 MiB, two passes, one lane. The
 * password is converted to Unicode's normal form C first, so that all keyboards give the same hash for umlauts.
 */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() =>
    hash(password.normalize('NFC'), { memoryCost: 19_456, timeCost: 2, parallelism: 1 }),
  );
}

/**
 * Whether the password is right. Without a stored hash, the function takes the same time and returns false.
 * `beforehand` is called when this request's turn has come. It may throw.
 */
export async function verifyPassword(
  stored: string | null | undefined,
  password: string,
  beforehand: () => void = () => {},
): Promise<boolean> {
  if (!stored) {
    nobody ??= hashPassword(randomBytes(16).toString('hex'));
    const stranger = await nobody;
    await inTurn(() => {
      beforehand();
      return verify(stranger, password);
    });
    return false;
  }
  return await inTurn(async () => {
    beforehand();
    const composed = password.normalize('NFC');
    if (await verify(stored, composed)) return true;
    // Older registries hashed the password without normalization.
    return composed !== password && (await verify(stored, password));
  });
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const release = await AT_ONCE.take();
  try {
    return await work();
  } finally {
    release();
  }
}

/** A hash for accounts that do not exist. Without this hash, the response time would reveal which accounts exist. */
let nobody: Promise<string> | undefined;

export interface NewSecret {
  secret: string;
  hash: string;
  hint: string;
}

/**
 * Generates a token with 256 random bits. Only the hash of a token is stored. The hash needs no salt, because nobody
 * can guess so many bits.
 */
export function newToken(prefix = TOKEN_PREFIX): NewSecret {
  const secret = prefix + randomBytes(32).toString('base64url');
  return { secret, hash: hashToken(secret), hint: secret.slice(0, prefix.length + 4) };
}

/** Generates an enrolment code with 80 random bits, such as `K7QF-9M2T-XHPD-4WZ3`, that a person can type. */
export function newCode(): Pick<NewSecret, 'secret' | 'hash'> {
  const letters = Array.from(randomBytes(CODE_LETTERS), (byte) => CROCKFORD[byte % 32]).join('');
  const secret = inFours(letters);
  return { secret, hash: hashCode(secret) };
}

export const inFours = (letters: string): string => (letters.match(/.{4}/g) ?? []).join('-');

/**
 * Hashes an enrolment code. Case, dashes and spaces are ignored, and letters that look like digits count as these
 * digits. Only the first 16 letters are hashed. The rest of the code is the fingerprint of the registry's key, which
 * the computer checks.
 */
export function hashCode(code: string): string {
  const read = code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return hashToken(read.length === 2 * CODE_LETTERS ? read.slice(0, CODE_LETTERS) : read);
}

const CODE_LETTERS = 16;

export function hashToken(secret: string): string {
  return digest('sha256', secret);
}

/** How long a generated password is valid, in milliseconds. The owner must choose a new password in this time. */
export const ONE_TIME_PASSWORD_LASTS = 24 * 60 * 60 * 1000;

/** Generates a password that its owner must soon change (`oneTime` in `createUser` and `changeUser`). */
export function newPassword(): string {
  return randomBytes(15).toString('base64url');
}
