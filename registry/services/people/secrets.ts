/** Passwords and tokens: how they are generated, stored and verified. */
import { createHash, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Slots } from '../../../repos/slots.ts';
import { CROCKFORD } from '../../signing/key-change.ts';

/**
 * The prefix of every token (of a person, of a computer), so that scanners and people recognize a leaked one.
 */
export const TOKEN_PREFIX = 'pbr_';
export const COMPUTER_TOKEN_PREFIX = 'pbc_';

/**
 * How many passwords are hashed concurrently; the others wait in order. argon2 runs on libuv's pool, four
 * threads that file access shares, and takes 19 MiB each time.
 */
const AT_ONCE = new Slots(2);

/**
 * argon2id with OWASP's first recommendation: 19 MiB, two passes, one lane. The password is hashed in
 * Unicode's normal form C, so keyboards that compose umlauts and those that do not give the same hash.
 */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() =>
    hash(password.normalize('NFC'), { memoryCost: 19_456, timeCost: 2, parallelism: 1 }),
  );
}

/**
 * Whether the password is right. Without a stored hash it takes the same time and returns false. `beforehand`
 * is called when its turn has come, and may throw.
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
    // A hash from before normalization is of the text as typed.
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

/** Used for accounts that do not exist, so that the response time does not reveal which do. */
let nobody: Promise<string> | undefined;

export interface NewSecret {
  secret: string;
  hash: string;
  hint: string;
}

/**
 * 256 bits from the system's generator; only the hash is stored (without a salt, because it cannot be
 * guessed).
 */
export function newToken(prefix = TOKEN_PREFIX): NewSecret {
  const secret = prefix + randomBytes(32).toString('base64url');
  return { secret, hash: hashToken(secret), hint: secret.slice(0, prefix.length + 4) };
}

/** 80 bits that a person can copy from one screen to another: `K7QF-9M2T-XHPD-4WZ3`. */
export function newCode(): Pick<NewSecret, 'secret' | 'hash'> {
  const letters = Array.from(randomBytes(CODE_LETTERS), (byte) => CROCKFORD[byte % 32]).join('');
  const secret = inFours(letters);
  return { secret, hash: hashCode(secret) };
}

export const inFours = (letters: string): string => (letters.match(/.{4}/g) ?? []).join('-');

/**
 * Ignores case, dashes and spaces, and reads look-alike letters and digits as one. After the 16 letters
 * follows the short fingerprint of the registry's key, which is not secret; the computer checks it.
 */
export function hashCode(code: string): string {
  const read = code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return hashToken(read.length === 2 * CODE_LETTERS ? read.slice(0, CODE_LETTERS) : read);
}

const CODE_LETTERS = 16;

export function hashToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** How long a generated password is valid, in milliseconds; its owner must choose another one by then. */
export const ONE_TIME_PASSWORD_LASTS = 24 * 60 * 60 * 1000;

/** A password for a person to type once: see `oneTime` of `createUser` and `changeUser`. */
export function newPassword(): string {
  return randomBytes(15).toString('base64url');
}
