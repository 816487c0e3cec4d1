/**
 * Signs statements about sync lists, and reuses each statement for a minute. While nothing changes, the answer to a
 * computer needs no new signature, no list and no query. The digest of a list is kept as long as its ETag stays the same.
 */
import { createHash } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import type { Cache, Caches } from '../../../repos/caches.ts';
import type { Signer, SigningKeys } from '../../signing/keys.ts';
import { signStatement } from '../../signing/statement.ts';
import type { SyncState } from './manifest.ts';

/** How long a signed statement is reused, in milliseconds. */
const REPEATED = 60_000;

/** Hashing this many bytes takes a few milliseconds. */
const HASHED_AT_ONCE = 1024 * 1024;

/** The fields of a statement that change only when the list changes. */
export type Unsigned = SyncState['about'] & { digest: string };

export interface SignedStatement {
  text: string;
  /** The time of the signature, from the clock of this process. */
  at: number;
}

export class Statements {
  readonly #digests: Cache<string>;
  readonly #statements: Cache<SignedStatement>;
  readonly #keys: Pick<SigningKeys, 'signer'>;
  readonly #now: () => number;

  constructor(keys: Pick<SigningKeys, 'signer'>, caches: Caches, now: () => number = Date.now) {
    this.#digests = caches.open('sync_digests', (digest) => digest.length);
    this.#statements = caches.open('sync_statements', ({ text }) => text.length);
    this.#keys = keys;
    this.#now = now;
  }

  /** The signed statement for a header, and its fields. Pass the list as `pieces` if it will be sent too. */
  async of(
    state: SyncState,
    pieces?: readonly Buffer[],
  ): Promise<{ about: Unsigned; signed: SignedStatement }> {
    const { etag } = state;
    const about = { ...state.about, digest: await this.#digestOf(state, pieces) };
    const signer = await this.#keys.signer();
    const kept = JSON.stringify([etag, signer.fingerprint, about]);
    const known = this.#statements.get(kept);
    if (known && this.isFresh(known)) return { about, signed: known };
    const signed = this.#sign(about, signer);
    this.#statements.set(kept, signed);
    return { about, signed };
  }

  /** Signs a statement with the current time. */
  async sign(about: Unsigned): Promise<SignedStatement> {
    return this.#sign(about, await this.#keys.signer());
  }

  #sign(about: Unsigned, signer: Signer): SignedStatement {
    const at = this.#now();
    const stated = { ...about, signed_at: new Date(at).toISOString() };
    return { text: signStatement(stated, signer), at };
  }

  /** Whether the statement is recent enough to be sent again. */
  isFresh({ at }: SignedStatement): boolean {
    const now = this.#now();
    return now >= at && now < at + REPEATED;
  }

  async #digestOf({ etag, list }: SyncState, pieces?: readonly Buffer[]): Promise<string> {
    const known = pieces ? undefined : this.#digests.get(etag);
    if (known !== undefined) return known;
    const hash = createHash('sha256');
    for (const piece of pieces ?? (await list())) {
      for (let at = 0; at < piece.length; at += HASHED_AT_ONCE) {
        // Other requests are answered in between.
        if (at > 0) await breath();
        hash.update(piece.subarray(at, at + HASHED_AT_ONCE));
      }
    }
    const digest = hash.digest('hex');
    this.#digests.set(etag, digest);
    return digest;
  }
}
