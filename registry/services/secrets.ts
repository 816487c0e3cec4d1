/** Passwords and tokens: how they are made, kept and recognised. */
import { createHash, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Slots } from '../../repos/slots.ts';

/** What every token begins with, so that scanners and people recognise a leaked one. */
export const TOKEN_PREFIX = 'pbr_';

/**
 * So many passwords at once, the rest in the order of asking: argon2 works on libuv's pool, four threads
 * that all access to files shares, and takes 19 MiB each time.
 */
const AT_ONCE = new Slots(2);

/** argon2id with OWASP's first recommendation: 19 MiB, two passes, one lane. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 }));
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
  return await inTurn(() => {
    beforehand();
    return verify(stored, password);
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
export function newToken(): NewSecret {
  const secret = TOKEN_PREFIX + randomBytes(32).toString('base64url');
  return { secret, hash: hashToken(secret), hint: secret.slice(0, TOKEN_PREFIX.length + 4) };
}

export function hashToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** A password for a person to type once. */
export function newPassword(): string {
  return randomBytes(15).toString('base64url');
}
