/**
 * Tells computers from memory that their lists have not changed, ahead of Fastify, whose hooks would cost more than the
 * answer. It only ever says "unchanged": a computer that knows another list is left to the route, which asks the database,
 * so no computer gets an older list from one process than from another.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Cache, Caches } from '../../repos/caches.ts';
import { type Actor, decide, type Rules } from '../access/decide.ts';
import type { Observe } from '../plugins/metrics.ts';
import type { AccessCache } from '../services/access-cache/access-cache.ts';
import type { SignedStatement, Statements, Unsigned } from '../services/sync/statements.ts';

export interface SyncMemoryDeps {
  access: Pick<AccessCache, 'keptToken' | 'listState'>;
  caches: Caches;
  rules: Rules;
  statements: Pick<Statements, 'sign' | 'isFresh'>;
  observe: Observe;
  /** Headers of every answer. */
  headers: readonly [name: string, value: string][];
}

/** The header that carries a list's signed statement. */
export const STATEMENT = 'sync-statement';
/** Headers of lists and of unchanged lists. */
export const UNCHANGED = { 'cache-control': 'private, no-cache' };

const ROUTE = '/api/sync';
const BEARER = 'Bearer ';
/** Estimated size of an answer besides its texts, in bytes. */
const ANSWER = 500;

interface Kept {
  /** The state of the list before it was read (`AccessCache.listState`). */
  seen: string;
  etag: string;
  about: Unsigned;
  signed: SignedStatement;
}

export class SyncMemory {
  readonly #deps: SyncMemoryDeps;
  readonly #headers: readonly string[];
  readonly #kept: Cache<Kept>;
  #isClosing = false;

  constructor(deps: SyncMemoryDeps) {
    this.#deps = deps;
    this.#headers = [...deps.headers, ...Object.entries(UNCHANGED)].flat();
    this.#kept = deps.caches.open('sync_unchanged', ({ signed }) => signed.text.length + ANSWER);
  }

  /** Answers what it can, and leaves the rest to `route`. */
  listener(route: RequestListener): RequestListener {
    return (request, response) => {
      const begun = performance.now();
      const kept = this.#find(request);
      if (kept === undefined) route(request, response);
      else if (this.#deps.statements.isFresh(kept.signed)) this.#send(response, kept, begun);
      else {
        const answer = (signed: SignedStatement) => {
          kept.signed = signed;
          // It may have changed meanwhile.
          if (this.#find(request) === kept) this.#send(response, kept, begun);
          else route(request, response);
        };
        // The route reports why nothing can be signed.
        this.#deps.statements.sign(kept.about).then(answer, () => route(request, response));
      }
    };
  }

  /** The state of a computer's list, to be taken before the list is read. */
  stateOf(actor: Actor): string | undefined {
    return actor.kind === 'computer' ? this.#deps.access.listState(actor) : undefined;
  }

  /** Keeps what the route answers, for equal requests of the same computer. */
  keep(
    { url = '' }: IncomingMessage,
    actor: Actor,
    { seen, ...answer }: Omit<Kept, 'seen'> & { seen: string | undefined },
  ): void {
    if (seen === undefined || actor.kind !== 'computer') return;
    this.#kept.set(keyOf(actor, url), { seen, ...answer });
  }

  /** From now on every request goes to the route, which ends connections. */
  close(): void {
    this.#isClosing = true;
  }

  /** The answer to this request, if it is that nothing has changed, and that is known. */
  #find({ url = '', method, headers }: IncomingMessage): Kept | undefined {
    if (!url.startsWith(ROUTE) || method !== 'GET' || this.#isClosing) return undefined;
    const { authorization, 'if-none-match': known } = headers;
    const hasBody = 'content-length' in headers || 'transfer-encoding' in headers;
    if (known === undefined || hasBody || !authorization?.startsWith(BEARER)) return undefined;
    const actor = this.#deps.access.keptToken(authorization.slice(BEARER.length))?.actor;
    if (actor?.kind !== 'computer') return undefined;
    if (!decide(actor, { on: 'own-sync', do: 'use' }, this.#deps.rules).allowed) return undefined;
    const kept = this.#kept.get(keyOf(actor, url));
    return kept?.etag === known && kept.seen === this.stateOf(actor) ? kept : undefined;
  }

  #send(response: ServerResponse, { etag, signed }: Kept, begun: number): void {
    response.writeHead(304, [...this.#headers, 'etag', etag, STATEMENT, signed.text]);
    response.end();
    const seconds = (performance.now() - begun) / 1000;
    this.#deps.observe({ method: 'GET', route: ROUTE, status: '304', seconds });
  }
}

const keyOf = ({ id, labId }: { id: number; labId: number }, url: string): string =>
  `${id} ${labId} ${url}`;
