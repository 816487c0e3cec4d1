/**
 * Answers from memory that a computer's list has not changed. This code runs before Fastify, because Fastify's hooks
 * would cost more than the answer. This code never sends a list: if a computer has another list, the route reads the
 * list from the database. So no process can send an older list than another process has sent.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Cache, Caches } from '../../repos/caches.ts';
import { type Actor, decide, type Rules } from '../access/decide.ts';
import type { Observe } from '../plugins/metrics.ts';
import type { AccessCache } from '../services/access-cache/access-cache.ts';
import type { SignedStatement, Statements, Unsigned } from '../services/sync/statements.ts';

export interface SyncMemoryDeps {
  access: Pick<AccessCache, 'keptTokenOf' | 'listState'>;
  caches: Caches;
  rules: Rules;
  statements: Pick<Statements, 'sign' | 'isFresh'>;
  observe: Observe;
  /** The headers that every answer has. */
  headers: readonly [name: string, value: string][];
}

/** The header with the signed statement about a list: its recipient, number, date and digest. */
export const STATEMENT = 'sync-statement';
/** The headers of answers with a list, and of answers that the list is unchanged. */
export const UNCHANGED = { 'cache-control': 'private, no-cache' };

const ROUTE = '/api/sync';
const BEARER = 'Bearer ';
/** The estimated bytes of a cached answer besides the text of its statement. */
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

  /** Returns a listener that answers requests from memory if it can, and passes all others to `route`. */
  listener(route: RequestListener): RequestListener {
    return (request, response) => {
      const begun = performance.now();
      const kept = this.#find(request);
      if (kept === undefined) route(request, response);
      else if (this.#deps.statements.isFresh(kept.signed)) this.#send(response, kept, begun);
      else {
        const answer = (signed: SignedStatement) => {
          kept.signed = signed;
          // The list may have changed while the statement was being signed.
          if (this.#find(request) === kept) this.#send(response, kept, begun);
          else route(request, response);
        };
        // If signing fails, the route answers, because it reports the reason.
        this.#deps.statements.sign(kept.about).then(answer, () => route(request, response));
      }
    };
  }

  /** The state of a computer's list, for `keep`. Must be called before the list is read. */
  stateOf(actor: Actor): string | undefined {
    return actor.kind === 'computer' ? this.#deps.access.listState(actor) : undefined;
  }

  /** Caches data about the route's answer, for equal requests of the same computer. */
  keep(
    { url = '' }: IncomingMessage,
    actor: Actor,
    { seen, ...answer }: Omit<Kept, 'seen'> & { seen: string | undefined },
  ): void {
    if (seen === undefined || actor.kind !== 'computer') return;
    this.#kept.set(keyOf(actor, url), { seen, ...answer });
  }

  /** Stops answering: the route answers all further requests, so that Fastify can close their connections. */
  close(): void {
    this.#isClosing = true;
  }

  /**
   * Finds the cached answer. Returns undefined if no answer is cached, or if the list has changed or may have changed.
   */
  #find({ url = '', method, headers, socket }: IncomingMessage): Kept | undefined {
    if (!url.startsWith(ROUTE) || method !== 'GET' || this.#isClosing) return undefined;
    const { authorization, 'if-none-match': known } = headers;
    const hasBody = 'content-length' in headers || 'transfer-encoding' in headers;
    if (known === undefined || hasBody || !authorization?.startsWith(BEARER)) return undefined;
    const actor = this.#deps.access.keptTokenOf(socket, authorization, tokenIn)?.actor;
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

const tokenIn = (credentials: string): string => credentials.slice(BEARER.length);
