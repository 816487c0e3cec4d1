/** Serves `GET /metrics`: metrics about the process and its requests, for Prometheus. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { CacheState } from '../../repos/caches.ts';
import type { GitProgram, UnfinishedChange } from '../../repos/types.ts';
import { Problem } from '../errors.ts';
import type { ComputersSeen } from '../store/computers.ts';

/**
 * Adds the route. The metrics reveal when the registry is used and how much, so a reader needs the token. If no token is
 * configured, only programs on this machine may read the metrics.
 * @returns a function that counts a request that Fastify does not see
 */
export function metrics(
  app: FastifyInstance,
  token: string | undefined,
  sources: Sources,
): Observe {
  // The library is loaded after the first answer, so that the start does not wait for it.
  let collector: ReturnType<typeof collect> | undefined;
  const collected = () => {
    collector ??= collect(sources, (err) =>
      app.log.warn({ err }, 'some of the metrics cannot be read'),
    );
    return collector;
  };
  let loaded: Observe | undefined;
  const observe: Observe = (answered) => {
    if (loaded) {
      loaded(answered);
      return;
    }
    collected().then(
      (collector) => {
        loaded = collector.observe;
        loaded(answered);
      },
      (err) => app.log.error({ err }, 'the metrics cannot be loaded'),
    );
  };
  app.addHook('onResponse', (request, reply, done) => {
    observe({
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: String(reply.statusCode),
      seconds: reply.elapsedTime / 1000,
    });
    done();
  });
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    demandReader(request.raw.socket.remoteAddress, request.headers, token);
    const { register } = await collected();
    return reply.type(register.contentType).send(await register.metrics());
  });
  return observe;
}

/** Counts an answered request. */
export type Observe = (answered: Answered) => void;

interface Answered {
  method: string;
  route: string;
  status: string;
  seconds: number;
}

/**
 * Throws `unauthenticated` or `forbidden` if the metrics must not be read.
 * @param address the address of the connection; addresses in headers could be forged
 */
export function demandReader(
  address: string | undefined,
  headers: IncomingHttpHeaders,
  token: string | undefined,
): void {
  if (token !== undefined) {
    const [, given = ''] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
    if (timingSafeEqual(sha256(given), sha256(token))) return;
    throw new Problem('unauthenticated', 'Send "Authorization: Bearer <METRICS_TOKEN>".');
  }
  const isForwarded = Object.keys(headers).some((name) => FORWARDING.test(name));
  const isHere =
    address !== undefined && LOOPBACK.test(address) && OWN_HOST.test(headers.host ?? '');
  if (isHere && !isForwarded) return;
  throw new Problem(
    'forbidden',
    "METRICS_TOKEN is not set. Only requests from the registry's own machine, and not through a proxy, may read the metrics.",
  );
}

/** Headers that proxies add. A request through a proxy on this machine comes from this machine, but its client may not. */
const FORWARDING =
  /^(forwarded|via|cf-.*|x-(forwarded|original|real|envoy)-.*|(.*-)?(client|connecting)-ip)$/;
/**
 * The names of this machine in the `Host` header. A request through a proxy has another name in this header. A request
 * from a malicious page with a domain that points to this machine (DNS rebinding) also has another name.
 */
const OWN_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The state of the workers that analyse definitions. */
interface AnalysisState {
  waiting: number;
  workers: number;
  outcomes: Readonly<Record<string, number>>;
}

/** Functions that return current values. Each request for the metrics calls these functions. */
interface Sources {
  analysis: () => AnalysisState;
  caches: () => readonly CacheState[];
  git: () => GitProgram['runs'];
  /** Open event streams. */
  streams: () => number;
  computers: () => Promise<ComputersSeen>;
  backups: () => Promise<{ last: Date | null; failure: object | null }>;
  /** Changes of repositories by all processes that have not ended. */
  changes: () => Promise<readonly UnfinishedChange[]>;
  repairs: () => Readonly<Repairs>;
}

/** How many repositories this process repaired, and how many attempts failed. */
export interface Repairs {
  repaired: number;
  failed: number;
}

async function collect(
  { analysis, caches, git, streams, computers, backups, changes, repairs }: Sources,
  onError: (error: unknown) => void,
) {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await import(
    'prom-client'
  );
  const register = new Registry();
  collectDefaultMetrics({ register });
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from request to response, by route',
    labelNames: ['method', 'route', 'status'],
    registers: [register],
  });
  const registers = [register];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge(
    'analysis_waiting',
    'Analysis requests that are waiting for a worker',
    () => analysis().waiting,
  );
  gauge('analysis_workers', 'Workers that analyse definitions', () => analysis().workers);
  new Counter({
    name: 'analysis_questions_total',
    help: 'Requests to analyse definitions, by outcome. The outcomes deadline and memory mean that a limit was exceeded',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(analysis().outcomes))
        this.inc({ outcome }, count);
    },
  });
  new Gauge({
    name: 'cache_bytes',
    help: 'Estimated memory of a cache, in bytes',
    labelNames: ['cache'],
    registers,
    collect() {
      for (const { name: cache, bytes } of caches()) this.set({ cache }, bytes);
    },
  });
  new Gauge({
    name: 'cache_entries',
    help: 'Values in a cache',
    labelNames: ['cache'],
    registers,
    collect() {
      for (const { name: cache, entries } of caches()) this.set({ cache }, entries);
    },
  });
  new Counter({
    name: 'cache_lookups_total',
    help: 'Lookups in a cache, by outcome. The outcome miss means that the registry had to compute the value',
    labelNames: ['cache', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const { name: cache, hits, misses } of caches()) {
        this.inc({ cache, outcome: 'hit' }, hits);
        this.inc({ cache, outcome: 'miss' }, misses);
      }
    },
  });
  gauge('git_runs_open', 'Runs of the git program that are waiting or running', () => git().open);
  new Counter({
    name: 'git_runs_total',
    help: 'Runs of the git program since the registry started',
    registers,
    collect() {
      this.reset();
      this.inc(git().begun);
    },
  });
  gauge('event_streams', 'Open event streams', () => streams());
  new Gauge({
    name: 'computers',
    help: 'Lab computers, by the time at which they last asked for their sync list: in the last hour, in the last week, or longer ago',
    labelNames: ['seen'],
    registers,
    async collect() {
      const counts = await computers().catch(onError);
      this.reset();
      // Without the database the other metrics are still shown.
      for (const [seen, count] of Object.entries(counts ?? {})) this.set({ seen }, count);
    },
  });
  new Gauge({
    name: 'backup_last_success_timestamp_seconds',
    help: 'When the last complete backup was made. Absent if none is known',
    registers,
    async collect() {
      const found = await backups().catch(onError);
      // `remove` also removes what the last reading found.
      if (!found?.last) this.remove();
      else this.set(found.last.getTime() / 1000);
    },
  });
  new Gauge({
    name: 'backup_failed',
    help: '1 if the last automatic backup failed, and otherwise 0',
    registers,
    async collect() {
      const found = await backups().catch(onError);
      if (found) this.set(found.failure === null ? 0 : 1);
    },
  });
  new Gauge({
    name: 'changes_open',
    help: 'Changes of repositories that have not ended, of all processes',
    registers,
    async collect() {
      const open = await changes().catch(onError);
      if (open) this.set(open.length);
    },
  });
  // Reads the changes again: a value that another metric sets would be shown only the next time.
  new Gauge({
    name: 'changes_oldest_seconds',
    help: 'Age of the oldest change of a repository that has not ended; 0 if there is none',
    registers,
    async collect() {
      const open = await changes().catch(onError);
      if (!open) return;
      const now = Date.now();
      this.set((now - Math.min(now, ...open.map(({ since }) => since.getTime()))) / 1000);
    },
  });
  new Counter({
    name: 'repairs_total',
    help: 'Repairs of repositories after interrupted changes, by outcome',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(repairs())) this.inc({ outcome }, count);
    },
  });
  const children = new Map<string, { observe(seconds: number): void }>();
  const observe: Observe = ({ method, route, status, seconds: taken }) => {
    const key = `${method} ${status} ${route}`;
    const child = children.get(key) ?? seconds.labels({ method, route, status });
    children.set(key, child);
    child.observe(taken);
  };
  return { register, observe };
}
