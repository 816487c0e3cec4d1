/**
 * Signed statements of lists, kept for a minute: while nothing changes, a computer's request needs no signature, no
 * list and no row. The digest of a list is kept as long as the list's tag stays the same.
 */
import { createHash } from 'node:crypto';
import type { Cache, Caches } from '../../../repos/caches.ts';
import type { SigningKeys } from '../../signing/keys.ts';
import { signStatement } from '../../signing/statement.ts';
import type { SyncState } from './manifest.ts';

/** How long a statement is sent again, in milliseconds. */
const REPEATED = 60_000;

interface SignedStatement {
  text: string;
  /** By the clock of this process. */
  at: number;
}

export class Statements {
  readonly #digests: Cache<string>;
  readonly #statements: Cache<SignedStatement>;
  readonly #keys: Pick<SigningKeys, 'list' | 'signFor'>;
  readonly #now: () => number;

  constructor(
    keys: Pick<SigningKeys, 'list' | 'signFor'>,
    caches: Caches,
    now: () => number = Date.now,
  ) {
    this.#digests = caches.open('sync_digests', (digest) => digest.length);
    this.#statements = caches.open('sync_statements', ({ text }) => text.length);
    this.#keys = keys;
    this.#now = now;
  }

  /** The statement for a header. `pieces` is the list if it will be sent too. */
  async of(state: SyncState, pieces?: readonly Buffer[]): Promise<string> {
    const { etag, about } = state;
    const digest = await this.#digestOf(state, pieces);
    const key = (await this.#keys.list()).at(-1)?.fingerprint;
    const kept = JSON.stringify([etag, digest, key, about]);
    const known = this.#statements.get(kept);
    const now = this.#now();
    if (known && now >= known.at && now < known.at + REPEATED) return known.text;
    const text = await signStatement(
      { ...about, signed_at: new Date(now).toISOString(), digest },
      this.#keys.signFor,
    );
    this.#statements.set(kept, { text, at: now });
    return text;
  }

  async #digestOf({ etag, list }: SyncState, pieces?: readonly Buffer[]): Promise<string> {
    const known = pieces ? undefined : this.#digests.get(etag);
    if (known !== undefined) return known;
    const hash = createHash('sha256');
    for (const piece of pieces ?? (await list())) hash.update(piece);
    const digest = hash.digest('hex');
    this.#digests.set(etag, digest);
    return digest;
  }
}
