/** Passwords and tokens: how they are made, kept and recognised. */
import { createHash, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Slots } from '../../../repos/slots.ts';
import { CROCKFORD } from '../../signing/key-change.ts';

/** What every token begins with, so that scanners and people recognise a leaked one: a person's, a computer's. */
export const TOKEN_PREFIX = 'pbr_';
export const COMPUTER_TOKEN_PREFIX = 'pbc_';

/**
 * So many passwords at once, the rest in the order of asking: argon2 works on libuv's pool, four threads
 * that all access to files shares, and takes 19 MiB each time.
 */
const AT_ONCE = new Slots(2);

/**
 * argon2id with OWASP's first recommendation: 19 MiB, two passes, one lane. The password is hashed in Unicode's
 * normal form C, so that it is the same on a keyboard that composes an umlaut and on one that does not.
 */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() =>
    hash(password.normalize('NFC'), { memoryCost: 19_456, timeCost: 2, parallelism: 1 }),
  );
}

/**
 * Whether it is the password; without a stored hash the same time is spent and the answer is no. `beforehand` is
 * called when its turn has come, and may throw.
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
    // A hash from before passwords were normalized is of the text as it was typed.
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

/** Stands in for accounts that do not exist, so that the time of an answer does not tell which do. */
let nobody: Promise<string> | undefined;

export interface NewSecret {
  secret: string;
  hash: string;
  hint: string;
}

/** 256 bits from the system's generator; only the hash is stored (no salt: there is nothing to guess). */
export function newToken(prefix = TOKEN_PREFIX): NewSecret {
  const secret = prefix + randomBytes(32).toString('base64url');
  return { secret, hash: hashToken(secret), hint: secret.slice(0, prefix.length + 4) };
}

/** 80 bits for a person to carry from one screen to another: `K7QF-9M2T-XHPD-4WZ3`. */
export function newCode(): Pick<NewSecret, 'secret' | 'hash'> {
  const letters = Array.from(randomBytes(CODE_LETTERS), (byte) => CROCKFORD[byte % 32]).join('');
  const secret = inFours(letters);
  return { secret, hash: hashCode(secret) };
}

export const inFours = (letters: string): string => (letters.match(/.{4}/g) ?? []).join('-');

/**
 * As it is read: case, dashes and spaces do not count, nor what letters and digits look alike. What follows its 16 letters is
 * not secret: the short fingerprint of the registry's key, for the computer to check.
 */
export function hashCode(code: string): string {
  const read = code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return hashToken(read.length === 2 * CODE_LETTERS ? read.slice(0, CODE_LETTERS) : read);
}

const CODE_LETTERS = 16;

export function hashToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** How long a password that the registry made up can be used, in milliseconds: until then its owner chooses another. */
export const ONE_TIME_PASSWORD_LASTS = 24 * 60 * 60 * 1000;

/** A password for a person to type once: see `oneTime` of `createUser` and `changeUser`. */
export function newPassword(): string {
  return randomBytes(15).toString('base64url');
}
