/**
 * Serves `/definitions/<Name>.git` with git's smart HTTP protocol (gitprotocol-http(5)). Refuses the dumb protocol. Compares
 * paths as sent, without decoding them.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GitCaches } from '../../repos/git-caches.ts';
import type { Answer } from '../../repos/serve/answer.ts';
import { advertise } from '../../repos/serve/info-refs.ts';
import { receivePack } from '../../repos/serve/receive-pack.ts';
import { uploadPack } from '../../repos/serve/upload-pack.ts';
import type { GitProgram } from '../../repos/types.ts';
import { visible } from '../../text/hidden.ts';
import { decide } from '../access/decide.ts';
import { notFound, Problem } from '../errors.ts';
import { problemOf } from '../plugins/problems.ts';
import type { AccessCache } from '../services/access-cache/access-cache.ts';
import type { Caller } from '../services/caller.ts';
import { type DefinitionAccess, loadDefinition } from '../services/definitions/find-definition.ts';
import type { SaveDeps } from '../services/deps.ts';
import type { Throttle } from '../services/people/throttle.ts';
import { refuseAll } from '../services/push/admit.ts';
import { pushGate } from '../services/push/gate.ts';
import { openMergeRequestsOf } from '../store/merge-requests.ts';
import type { GitMemory } from './git-memory.ts';
import { tokenIn, viewOf, viewOfHeads } from './git-read.ts';

export interface GitDeps extends SaveDeps {
  access: AccessCache;
  git: GitProgram;
  gitCaches: GitCaches;
  memory: GitMemory;
  /** The most bytes of a push, as sent. */
  maxPackBytes: number;
  throttle: Throttle;
  patience?: number;
}

const PATH =
  /^\/definitions\/([A-Za-z_][A-Za-z0-9_]{0,99})\.git\/(info\/refs|git-upload-pack|git-receive-pack)(\?.*)?$/;
const SERVICES = ['git-upload-pack', 'git-receive-pack'] as const;
type Service = (typeof SERVICES)[number];

export async function gitRoutes(app: FastifyInstance, deps: GitDeps): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.setErrorHandler<FastifyError>((error, request, reply) => refuse(request, reply, error));
  app.route({
    method: ['GET', 'POST'],
    url: '/definitions/*',
    schema: { hide: true },
    handler: async (request, reply) => {
      const parsed = parse(request);
      if (!parsed)
        throw new Problem(
          'not_found',
          'Not found. This address serves only the smart HTTP protocol of git.',
        );
      const caller = await identify(deps, request);
      request.caller = caller;
      const { id, facts, name } = await findReadable(deps, caller, parsed.name);
      const isPush = parsed.service === 'git-receive-pack';
      // An advertisement changes nothing, so the cached definition is good enough for it. A push loads the definition.
      const found =
        isPush && parsed.kind === 'serve'
          ? await loadDefinition(deps, caller, parsed.name)
          : undefined;
      const pushTo = isPush ? { facts: found?.facts ?? facts, name } : undefined;
      const lines = pushTo && (await refuseAll(deps, caller, pushTo));
      if (lines) throw new Problem('forbidden', lines.join('\n'));
      const repository = await deps.repositories.open(parsed.name);
      const gitProtocol = header(request, 'git-protocol');
      const view = viewOf(caller.actor, facts, deps.rules);
      const { visible, visibility } =
        view === 'open heads' ? viewOfHeads(await openMergeRequestsOf(deps.store.em(), id)) : view;
      if (parsed.kind === 'advertise') {
        const { service } = parsed;
        const answer = await advertise(repository, { service, gitProtocol, visible });
        deps.memory.keep(request.raw, visibility, answer);
        return send(reply, answer);
      }
      const common = {
        body: deps.memory.bodyOf(request.raw),
        contentType: header(request, 'content-type'),
        contentEncoding: header(request, 'content-encoding'),
        gitProtocol,
        visible,
        visibility,
        git: deps.git,
        caches: deps.gitCaches,
        signal: abortedWith(request, reply),
        ...(deps.patience && { patience: deps.patience }),
      };
      const answer = found
        ? await receivePack(repository, {
            ...common,
            limits: { packBytes: deps.maxPackBytes, fileBytes: deps.maxFileBytes },
            gate: pushGate(deps, caller, found, repository),
          })
        : await uploadPack(repository, common);
      deps.memory.keep(request.raw, visibility, answer);
      return send(reply, answer);
    },
  });
}

type GitRequest =
  | { kind: 'advertise'; name: string; service: Service }
  | { kind: 'serve'; name: string; service: Service };

function parse(request: FastifyRequest): GitRequest | undefined {
  const match = PATH.exec(request.raw.url ?? '');
  if (!match) return undefined;
  const [, name = '', what = '', query] = match;
  if (what === 'info/refs') {
    const service = new URLSearchParams(query).get('service') as Service;
    if (request.method !== 'GET' || !SERVICES.includes(service)) return undefined;
    return { kind: 'advertise', name, service };
  }
  if (request.method !== 'POST') return undefined;
  return { kind: 'serve', name, service: what as Service };
}

async function identify(deps: GitDeps, request: FastifyRequest): Promise<Caller> {
  const address = request.ip;
  const credentials = request.headers.authorization;
  if (credentials === undefined) {
    if (deps.rules.anonymousRead && !isPush(request)) {
      return { actor: { kind: 'nobody' }, address, tokenName: null };
    }
    throw new Problem('unauthenticated', NO_CREDENTIALS);
  }
  const identity = await deps.access.token(tokenIn(credentials));
  if (!identity) {
    deps.throttle.badToken(address);
    throw new Problem(
      'unauthenticated',
      'The token is not valid. Create a new token and use it as the password.',
    );
  }
  return { ...identity, address };
}

/**
 * Finds a definition by its exact name if the caller may read it, and otherwise answers 404. A caller without credentials
 * gets 401 instead, because git sends its credentials only after a 401.
 */
async function findReadable(
  { access, rules }: GitDeps,
  { actor }: Caller,
  name: string,
): Promise<DefinitionAccess> {
  const found = await access.definition(name);
  const action = found && ({ on: 'definition', do: 'read', of: found.facts } as const);
  if (action && decide(actor, action, rules).allowed) return found;
  if (actor.kind === 'nobody') throw new Problem('unauthenticated', NO_CREDENTIALS);
  throw notFound('definition');
}

const NO_CREDENTIALS = 'Sign in with a token of the registry as the password.';

const isPush = (request: FastifyRequest): boolean =>
  /git-receive-pack(\?|&|$)/.test(request.raw.url ?? '');

/** Answers an error as plain text, which git prints as `remote:` lines. */
function refuse(request: FastifyRequest, reply: FastifyReply, error: FastifyError): FastifyReply {
  const isRefusal = error instanceof Problem && error.status < 500;
  if (!isRefusal && (reply.raw.destroyed || request.raw.errored)) {
    request.log.info({ err: error }, 'the client disconnected during a git request');
    return reply.hijack();
  }
  const problem = problemOf(error, request);
  request.problem = problem;
  if (problem.status === 401) reply.header('www-authenticate', 'Basic realm="registry"');
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
  return text(reply, problem.status, problem.message);
}

const text = (reply: FastifyReply, status: number, message: string): FastifyReply =>
  reply
    .code(status)
    .type('text/plain; charset=utf-8')
    .send(`${visible(message)}\n`);

function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

/** Returns a signal that aborts if the client disconnects before it has received the whole answer. */
function abortedWith(_request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
