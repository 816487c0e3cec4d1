/** The composition root: creates the parts of the server, in the order in which a request passes through them. */
import { createServer } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyServerOptions } from 'fastify';
import type { Caches } from '../repos/caches.ts';
import type { GitCaches } from '../repos/git-caches.ts';
import type { GitProgram, Repositories } from '../repos/types.ts';
import type { Rules } from './access/decide.ts';
import type { AnalysisPool } from './analysis/pool.ts';
import { connectionLimit, openFileLimit } from './open-files.ts';
import { authentication } from './plugins/authentication.ts';
import { limitConnections } from './plugins/connection-limit.ts';
import { letConnectionsGo } from './plugins/connections.ts';
import { documentation } from './plugins/documentation.ts';
import { readJsonBodies } from './plugins/json-bodies.ts';
import { metrics, type Repairs } from './plugins/metrics.ts';
import { plainPages } from './plugins/plain-page.ts';
import { answerError, problems } from './plugins/problems.ts';
import { newRequestId, REQUEST_ID, RequestLog } from './plugins/request-log.ts';
import { securing, securityHeaders } from './plugins/security-headers.ts';
import { connectionDeadlines, leaveSlowClients } from './plugins/slow-clients.ts';
import { answerUnreadable } from './plugins/unreadable.ts';
import { refuseUnnamed, schemaController } from './plugins/validation.ts';
import { auditRoutes } from './routes/audit.ts';
import { clientPackageRoutes } from './routes/client-package.ts';
import { bindingRoutes } from './routes/computer-bindings.ts';
import { computerRoutes } from './routes/computers.ts';
import { definitionRoutes } from './routes/definitions.ts';
import { eventRoutes } from './routes/events.ts';
import { fleetRoutes } from './routes/fleet.ts';
import { gitRoutes } from './routes/git.ts';
import { GitMemory } from './routes/git-memory.ts';
import { healthRoutes } from './routes/health.ts';
import { instrumentRoutes } from './routes/instruments.ts';
import { interfaceRoutes } from './routes/interface.ts';
import { labRoutes } from './routes/labs.ts';
import { mergeRequestRoutes } from './routes/merge-requests.ts';
import { problemRoutes } from './routes/problems.ts';
import { provenanceRoutes } from './routes/provenance.ts';
import { reviewRoutes } from './routes/reviews.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { signingKeyRoutes } from './routes/signing-keys.ts';
import { singleSignOnRoutes } from './routes/single-sign-on.ts';
import { syncRoutes } from './routes/sync.ts';
import { SyncMemory } from './routes/sync-memory.ts';
import { testResultRoutes } from './routes/test-results.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { userRoutes } from './routes/users.ts';
import { validateRoutes } from './routes/validate.ts';
import { verdictRoutes } from './routes/verdicts.ts';
import { versionRoutes } from './routes/versions.ts';
import { AccessCache } from './services/access-cache/access-cache.ts';
import { Events } from './services/events/events.ts';
import { SharedCounts } from './services/people/shared-counts.ts';
import { createThrottle } from './services/people/throttle.ts';
import type { Difference } from './services/repair/compare.ts';
import { Statements } from './services/sync/statements.ts';
import type { SigningKeys } from './signing/keys.ts';
import type { SingleSignOn } from './single-sign-on.ts';
import { countSeen } from './store/computers.ts';
import type { Store } from './store/open.ts';

export interface AppDeps {
  store: Store;
  repositories: Repositories;
  git: GitProgram;
  caches: Caches;
  gitCaches: GitCaches;
  signingKeys: SigningKeys;
  analysis: AnalysisPool;
  rules: Rules;
  /** Returns the beginning of links. The final address may be known only when the server listens. */
  publicUrl: () => string;
  jwtSecret: string;
  maxFileBytes: number;
  maxPackBytes: number;
  version: string;
  /** Addresses and networks of proxies with trusted forwarded headers, separated by commas. */
  trustedProxies?: string | undefined;
  /** The token that `/metrics` requires. If undefined, `/metrics` answers only requests from this machine. */
  metricsToken?: string | undefined;
  /** Whether the start is complete, so that the server can answer requests. */
  isReady: () => boolean;
  /** Definitions of which the database and the repositories do not agree. */
  differences?: () => Promise<Difference[]>;
  /** When the last backup was made, and whether the last automatic one failed. */
  backups?: () => Promise<{ last: Date | null; failure: object | null }>;
  /** Counts of repairs. Whoever repairs changes them. */
  repairs?: Repairs;
  /** The time between two heartbeats in the event stream, in milliseconds. */
  heartbeat?: number;
  /** How long the server waits for a client that sends or reads too slowly, in milliseconds. */
  patience?: number;
  singleSignOn?: SingleSignOn | null;
  /** The clock that times failed sign-ins, and the expiry of attempts at single sign-on. */
  now?: () => number;
}

/**
 * A body may have four times as many bytes as the largest file. JSON may double the size of its content. Parsing the
 * largest body takes about 15 ms.
 */
const BODY_SHARE = 4;

export async function createApp(deps: AppDeps, logger: FastifyServerOptions['logger']) {
  const headers = securityHeaders(deps.publicUrl);
  const secure = securing(headers);
  const access = new AccessCache({
    ...deps,
    onError: (err) =>
      app.log.warn(
        { err },
        'the database fails; rights are not cached, or the last uses of tokens are not stored',
      ),
  });
  const memory = new GitMemory({
    ...deps,
    access,
    headers,
    observe: (answered) => observe(answered),
  });
  const statements = new Statements(deps.signingKeys, deps.caches);
  const syncMemory = new SyncMemory({
    ...deps,
    access,
    headers,
    statements,
    observe: (answered) => observe(answered),
  });
  const app = Fastify({
    logger: logger ?? false,
    logController: new RequestLog(),
    genReqId: newRequestId,
    // While the server stops, it still answers requests on open connections.
    return503OnClosing: false,
    trustProxy: deps.trustedProxies ?? false,
    bodyLimit: BODY_SHARE * deps.maxFileBytes,
    schemaController,
    routerOptions: { maxParamLength: 300 },
    forceCloseConnections: 'idle',
    serverFactory: (route) =>
      createServer(connectionDeadlines(deps.patience), memory.listener(syncMemory.listener(route))),
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, request, reply) => {
      reply.raw.setHeader(REQUEST_ID, request.id);
      secure(reply.raw);
      void answerError(error, request, reply);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  const counts = new SharedCounts(deps.store, (err) =>
    app.log.warn({ err }, 'the database fails; other processes do not know of failed sign-ins'),
  );
  const throttle = createThrottle(deps.now, (news) => counts.tell(news), deps.jwtSecret);
  app.addHook('onReady', () => counts.listen(throttle.hear));
  app.addHook('onClose', () => counts.close());
  app.decorateRequest('caller');
  app.decorateRequest('problem');
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.setHeader(REQUEST_ID, request.id);
    secure(reply.raw);
    done();
  });
  app.addHook('preClose', async () => {
    memory.close();
    syncMemory.close();
  });
  app.addHook('onClose', () => access.close());
  const events = new Events({
    ...deps,
    onError: (err) => app.log.warn({ err }, 'the database cannot be read; events are late'),
  });
  letConnectionsGo(app);
  limitConnections(app.server, connectionLimit(openFileLimit(), deps.store.embedded));
  leaveSlowClients(app, deps.patience);
  problems(app);
  readJsonBodies(app);
  refuseUnnamed(app);
  const observe = metrics(app, deps.metricsToken, {
    analysis: () => deps.analysis.state,
    caches: () => deps.caches.state,
    git: () => deps.git.runs,
    streams: () => events.streams,
    computers: () => countSeen(deps.store.em()),
    backups: deps.backups ?? (async () => ({ last: null, failure: null })),
    changes: () => deps.repositories.unfinished(),
    repairs: () => deps.repairs ?? { repaired: 0, failed: 0 },
  });
  documentation(app, deps);
  plainPages(app);
  healthRoutes(app, deps);
  problemRoutes(app);
  clientPackageRoutes(app, deps);
  interfaceRoutes(app);
  await app.register(async (plugin) => {
    const api = plugin.withTypeProvider<TypeBoxTypeProvider>();
    await authentication(api, {
      store: deps.store,
      access,
      throttle,
      jwtSecret: deps.jwtSecret,
      publicUrl: deps.publicUrl,
    });
    sessionRoutes(api, { ...deps, throttle });
    const signOn = { ...deps, throttle, secret: deps.jwtSecret };
    singleSignOnRoutes(api, signOn, deps.singleSignOn ?? null);
    userRoutes(api, { ...deps, throttle });
    labRoutes(api, deps);
    tokenRoutes(api, deps);
    definitionRoutes(api, deps);
    validateRoutes(api, deps);
    versionRoutes(api, deps);
    testResultRoutes(api, deps);
    verdictRoutes(api, deps);
    signingKeyRoutes(api, deps);
    mergeRequestRoutes(api, deps);
    reviewRoutes(api, deps);
    instrumentRoutes(api, deps);
    computerRoutes(api, { ...deps, throttle });
    bindingRoutes(api, deps);
    syncRoutes(api, { ...deps, access, memory: syncMemory, statements });
    fleetRoutes(api, deps);
    provenanceRoutes(api, deps);
    auditRoutes(api, deps);
    eventRoutes(api, { events });
  });
  await app.register(async (git) => await gitRoutes(git, { ...deps, access, memory, throttle }));
  return app;
}
