/**
 * Keeps in memory who the callers are, who may see a definition, and whether the lists of computers have changed, so
 * that a read needs no query. The cache follows all changes of rights and definitions (store/follow.ts). When a change
 * is confirmed to its caller, the caches of all processes already know it.
 */
import type { Cache, Caches } from '../../../repos/caches.ts';
import type { AuditNews } from '../../store/audit.ts';
import type { Following } from '../../store/follow.ts';
import type { Store } from '../../store/open.ts';
import type { StampName } from '../../store/stamp-changes.ts';
import { type RightsOf, rightsTouchedBy } from '../audit/rights.ts';
import { type DefinitionAccess, readDefinitionAccess } from '../definitions/find-definition.ts';
import {
  type Identity,
  identifySession,
  identifyToken,
  type SessionClaims,
  type TokenIdentity,
} from '../people/identify.ts';
import { LastUse } from '../people/last-use.ts';
import { hashToken } from '../people/secrets.ts';
import { ListStates } from './list-states.ts';

/** The estimated sizes of a caller and of a definition in memory, in bytes. */
const CALLER = 1000;
const DEFINITION = 500;
/** How long the cache waits after a failure before it tries again to follow the audit trail, in milliseconds. */
const FOLLOW_AGAIN = 1000;

type SignedIn = SessionClaims & { exp: number };
/** Finds the secret in credentials. Git and the API read different schemes. */
type SecretIn = (credentials: string) => string;
interface Seen {
  credentials: string;
  secretIn: SecretIn;
  key: string;
}

export interface AccessCacheDeps {
  store: Store;
  caches: Caches;
  /** Receives errors of background work, which no request waits for. */
  onError: (error: unknown) => void;
}

export class AccessCache {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  readonly #callers: Cache<Identity | TokenIdentity>;
  readonly #definitions: Cache<DefinitionAccess>;
  readonly #lists = new ListStates();
  readonly #lastUse: LastUse;
  /** The last credentials of each connection, and the key of their token. */
  readonly #connections = new WeakMap<object, Seen>();
  /** Counts the changes that were applied. A value is not kept if a change was applied while it was being read. */
  #forgotten = 0;
  #following: Following | undefined;
  #starting: Promise<void> | undefined;
  #retryAt = 0;
  #closed = false;

  constructor({ store, caches, onError }: AccessCacheDeps) {
    this.#store = store;
    this.#onError = onError;
    this.#callers = caches.open('callers', () => CALLER);
    this.#definitions = caches.open('definition_access', () => DEFINITION);
    this.#lastUse = new LastUse(store, onError);
  }

  /** The owner of a token. Null if the token does not exist or was deleted. Records the use of the token. */
  async token(secret: string): Promise<TokenIdentity | null> {
    const kept = this.keptToken(secret);
    if (kept !== undefined) return kept;
    const identity = await this.#read(
      () => identifyToken(this.#store, secret),
      (identity) => this.#callers.set(tokenKey(secret), identity),
    );
    if (identity) this.#lastUse.record(identity.token);
    return identity;
  }

  /** The owner of a token if it is in memory. Records the use of the token. */
  keptToken(secret: string): TokenIdentity | undefined {
    return this.#keptTokenAt(tokenKey(secret));
  }

  /**
   * Like `keptToken`, for a request on a connection. A client sends the same credentials in each of its requests, so
   * they are decoded and hashed only once for a connection.
   */
  keptTokenOf(
    connection: object,
    credentials: string,
    secretIn: SecretIn,
  ): TokenIdentity | undefined {
    let last = this.#connections.get(connection);
    if (last?.credentials !== credentials || last.secretIn !== secretIn) {
      last = { credentials, secretIn, key: tokenKey(secretIn(credentials)) };
      this.#connections.set(connection, last);
    }
    return this.#keptTokenAt(last.key);
  }

  /** The owner of a session. Null if the session has ended. */
  async session(claims: SignedIn): Promise<Identity | null> {
    const { sub, epoch, jti, exp } = claims;
    const key = `session ${sub} ${epoch} ${jti} ${exp}`;
    return (
      this.#keptCaller(key) ??
      (await this.#read(
        () => identifySession(this.#store, claims),
        (identity) => this.#callers.set(key, identity),
      ))
    );
  }

  /** Finds a definition by its exact name without a check of rights: the calling code must check who may see it. */
  async definition(name: string): Promise<DefinitionAccess | undefined> {
    return (
      this.keptDefinition(name) ??
      (await this.#read(
        () => readDefinitionAccess(this.#store, name),
        (found) => this.#definitions.set(name, found),
      ))
    );
  }

  /** Like `definition`, but only if the definition is in memory. */
  keptDefinition(name: string): DefinitionAccess | undefined {
    return this.#isCurrent() ? this.#definitions.get(name) : undefined;
  }

  /**
   * A text that changes whenever the computer's list may have changed. Undefined while the cache does not follow changes.
   * Call `listState` before you read the list.
   */
  listState(computer: { id: number; labId: number }): string | undefined {
    return this.#isCurrent() ? this.#lists.of(computer) : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting;
    await this.#following?.close();
    await this.#lastUse.close();
  }

  #keptTokenAt(key: string): TokenIdentity | undefined {
    const kept = this.#keptCaller(key) as TokenIdentity | undefined;
    if (kept) this.#lastUse.record(kept.token);
    return kept;
  }

  #keptCaller(key: string): Identity | undefined {
    if (!this.#isCurrent()) return undefined;
    const kept = this.#callers.get(key);
    return kept && (kept.expires === null || kept.expires > new Date()) ? kept : undefined;
  }

  /** Reads a value, and keeps it in memory if no change was applied in the meantime. */
  async #read<T>(read: () => Promise<T>, keep: (value: NonNullable<T>) => void): Promise<T> {
    const forgotten = this.#forgotten;
    const wasCurrent = this.#isCurrent();
    const value = await read();
    if (value && wasCurrent && forgotten === this.#forgotten) keep(value);
    return value;
  }

  /**
   * Whether the cache knows all changes. The first call starts to follow the audit trail, because the database is
   * certainly migrated by then.
   */
  #isCurrent(): boolean {
    if (this.#following !== undefined) return this.#following.isCurrent;
    if (this.#closed || this.#starting || performance.now() < this.#retryAt) return false;
    this.#starting = this.#store
      .follow((entries, stamps) => this.#apply(entries, stamps), this.#onError)
      .then(
        (following) => {
          this.#following = following;
        },
        (error) => {
          this.#retryAt = performance.now() + FOLLOW_AGAIN;
          this.#onError(error);
        },
      )
      .finally(() => {
        this.#starting = undefined;
      });
    return false;
  }

  #apply(entries: readonly AuditNews[] | 'everything', stamps: readonly StampName[]): void {
    this.#forgotten++;
    this.#lists.apply(entries, stamps);
    if (entries === 'everything') {
      this.#callers.clear();
      this.#definitions.clear();
      return;
    }
    for (const entry of entries) {
      this.#forgetCallers(rightsTouchedBy(entry));
      if (entry.subject_type === 'lab') this.#definitions.clear();
      if (entry.subject_type === 'definition') this.#definitions.delete(entry.subject);
    }
  }

  #forgetCallers(whose: RightsOf): void {
    if (whose === null) return;
    if (whose === 'everybody' || whose.id === null) this.#callers.clear();
    else {
      const { kind, id } = whose;
      this.#callers.deleteWhere(({ actor }) => actor.kind === kind && actor.id === id);
    }
  }
}

const tokenKey = (secret: string): string => `token ${hashToken(secret)}`;
