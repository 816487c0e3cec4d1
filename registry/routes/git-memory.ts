/**
 * Answers read requests of git clients from memory. This code runs before Fastify, because Fastify's hooks would cost
 * more than the answer. This code answers a request only if the caller, the definition, the refs and the answer are all
 * in memory and up to date. The route answers all other requests, and its answers are cached here.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { GitCaches } from '../../repos/git-caches.ts';
import { type Answer, gitAnswer, RequestRefused, refusal } from '../../repos/serve/answer.ts';
import { readShort } from '../../repos/serve/body.ts';
import { generationOf } from '../../repos/serve/generation.ts';
import type { Repositories } from '../../repos/types.ts';
import { requestedVersion } from '../../repos/wire/protocol.ts';
import { type Actor, decide, type Rules } from '../access/decide.ts';
import type { Observe } from '../plugins/metrics.ts';
import { leaveSlowReader } from '../plugins/slow-clients.ts';
import type { AccessCache } from '../services/access-cache/access-cache.ts';
import { tokenIn, viewOf } from './git-read.ts';

export interface GitMemoryDeps {
  access: AccessCache;
  rules: Rules;
  repositories: Repositories;
  gitCaches: Pick<GitCaches, 'requests'>;
  observe: Observe;
  /** The headers that every answer has. */
  headers: readonly [name: string, value: string][];
  /** How long the server waits for a client that sends or reads too slowly, in milliseconds. */
  patience?: number;
}

/** The exact URLs that git clients request. The route handles every other spelling. */
const READ =
  /^\/definitions\/([A-Za-z_][A-Za-z0-9_]{0,99})\.git\/(?:info\/refs\?service=(git-upload-pack)|git-upload-pack)$/;
const ROUTE = '/definitions/*';
/**
 * Bytes of the longest request that is handled here. Clients with many commits send longer requests, which are rarely
 * equal.
 */
const LONGEST_BODY = 16 * 1024;
/** Bytes. A longer answer may not fit into the buffers of the connection, so a slow client can delay it. */
const SHORT_ANSWER = 16 * 1024;
const NOBODY: Actor = { kind: 'nobody' };

/** Everything on which an answer depends. */
interface State {
  /** Which refs the caller sees (see `View`). */
  visibility: string;
  /** The key of the answer in the cache. */
  key: string;
}

interface Missed {
  body: Buffer | undefined;
  /** Undefined if a part of the state was not in memory. */
  state: State | undefined;
}

export class GitMemory {
  readonly #deps: GitMemoryDeps;
  readonly #headers: readonly string[];
  /** The headers of the two kinds of answers, up to the value of the last one, the length. */
  readonly #advertisement: readonly string[];
  readonly #result: readonly string[];
  /** The requests that the route answers. */
  readonly #missed = new WeakMap<IncomingMessage, Missed>();
  #isClosing = false;

  constructor(deps: GitMemoryDeps) {
    this.#deps = deps;
    this.#headers = deps.headers.flat();
    this.#advertisement = this.#headersOf('git-upload-pack-advertisement');
    this.#result = this.#headersOf('git-upload-pack-result');
  }

  /** Returns a listener that answers requests from memory if it can, and passes all others to `route`. */
  listener(route: RequestListener): RequestListener {
    return (request, response) => {
      const name = this.#isClosing ? undefined : readOf(request);
      if (name === undefined) {
        route(request, response);
        return;
      }
      const begun = performance.now();
      const goOn = (body?: Buffer) => {
        const state = this.#stateOf(request, name, body);
        const answer = state && this.#deps.gitCaches.requests?.get(state.key);
        if (answer !== undefined) {
          this.#send(request, response, answer, begun);
          return;
        }
        this.#missed.set(request, { body, state });
        route(request, response);
      };
      if (request.method === 'GET') {
        goOn();
        return;
      }
      readShort(request, LONGEST_BODY, this.#deps.patience).then(goOn, (error) =>
        this.#refuse(response, error),
      );
    };
  }

  /** Returns the body of a request that the route answers. This class may have read the body already. */
  bodyOf(request: IncomingMessage): Readable {
    const body = this.#missed.get(request)?.body;
    return body === undefined ? request : Readable.from([body], { objectMode: false });
  }

  /** Caches the route's answer for equal requests, if the route used the same `visibility` as this class. */
  keep(request: IncomingMessage, visibility: string, { status, body }: Answer): void {
    const state = this.#missed.get(request)?.state;
    if (state?.visibility !== visibility || status !== 200 || !Buffer.isBuffer(body)) return;
    const answer = body.length > SHORT_ANSWER ? body : body.toString('latin1');
    this.#deps.gitCaches.requests?.set(state.key, answer);
  }

  /** Stops answering: the route answers all further requests, so that Fastify can close their connections. */
  close(): void {
    this.#isClosing = true;
  }

  /**
   * Returns what the answer depends on. Returns undefined if a part of this state is not in memory, or if the caller
   * may not read the definition. The state of the refs is taken before the route reads them, so an answer is never
   * older than its key.
   */
  #stateOf(
    { headers, method, socket }: IncomingMessage,
    name: string,
    body: Buffer | undefined,
  ): State | undefined {
    const { access, rules, repositories } = this.#deps;
    const actor = this.#actorOf(socket, headers.authorization);
    const facts = access.keptDefinition(name)?.facts;
    if (actor === undefined || facts === undefined) return undefined;
    if (!decide(actor, { on: 'definition', do: 'read', of: facts }, rules).allowed)
      return undefined;
    const refs = repositories.opened(name)?.refsInMemory();
    if (refs === undefined) return undefined;
    const view = viewOf(actor, facts, rules);
    // Which merge requests are open is not in memory.
    if (view === 'open heads') return undefined;
    const { visibility } = view;
    const version = requestedVersion(headers['git-protocol']?.toString());
    const { 'content-encoding': encoding = '' } = headers;
    const asked = `${generationOf(refs)} ${visibility} ${version} ${method} ${encoding}`;
    return { visibility, key: `${asked} ${body?.toString('latin1') ?? ''}` };
  }

  #actorOf(connection: Socket, credentials: string | undefined): Actor | undefined {
    const { access, rules } = this.#deps;
    if (credentials !== undefined)
      return access.keptTokenOf(connection, credentials, tokenIn)?.actor;
    return rules.anonymousRead ? NOBODY : undefined;
  }

  /** Refuses a request with a body that is too slow or too large. Other errors mean that the client has disconnected. */
  #refuse(response: ServerResponse, error: unknown): void {
    if (!(error instanceof RequestRefused)) {
      response.destroy();
      return;
    }
    const { status, headers, body } = refusal(error);
    const fields = Object.entries({ ...headers, connection: 'close' }).flat();
    response.writeHead(status, [...this.#headers, ...fields]);
    response.end(body);
  }

  #headersOf(kind: string): string[] {
    const { headers } = gitAnswer(kind, Buffer.alloc(0));
    return [...this.#headers, ...Object.entries(headers).flat(), 'content-length'];
  }

  #send(
    { method = '' }: IncomingMessage,
    response: ServerResponse,
    answer: Buffer | string,
    begun: number,
  ): void {
    const isShort = typeof answer === 'string';
    if (!isShort) leaveSlowReader(response, this.#deps.patience);
    const headers = method === 'GET' ? this.#advertisement : this.#result;
    response.writeHead(200, [...headers, String(answer.length)]);
    // Node sends a string together with the headers, in one system call.
    if (isShort) response.end(answer, 'latin1');
    else response.end(answer);
    const seconds = (performance.now() - begun) / 1000;
    this.#deps.observe({ method, route: ROUTE, status: '200', seconds });
  }
}

/** Returns the name of the requested definition, or undefined if this is not a request that can be answered here. */
function readOf({ url = '', method, headers }: IncomingMessage): string | undefined {
  const [, name, advertised] = READ.exec(url) ?? [];
  if (name === undefined) return undefined;
  if (advertised !== undefined) return method === 'GET' ? name : undefined;
  const length = Number(headers['content-length'] ?? Number.NaN);
  const fits =
    method === 'POST' &&
    length <= LONGEST_BODY &&
    headers['content-type'] === 'application/x-git-upload-pack-request';
  return fits ? name : undefined;
}
