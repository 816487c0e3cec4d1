/** `GET /metrics`: Prometheus text about the process and its requests. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { CacheState } from '../../repos/caches.ts';
import { Problem } from '../errors.ts';

/**
 * The metrics reveal how much is done and when, so a reader needs the token. Without a configured token, only this
 * machine may read them.
 */
export function metrics(
  app: FastifyInstance,
  token: string | undefined,
  sources: Sources,
): Observe {
  // Loaded after the first response, to keep the start short.
  let collector: ReturnType<typeof collect> | undefined;
  const collected = () => {
    collector ??= collect(sources);
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

/** Counts a request that was answered. */
export type Observe = (answered: Answered) => void;

interface Answered {
  method: string;
  route: string;
  status: string;
  seconds: number;
}

/** Throws `unauthenticated` or `forbidden`. `address` is the connection's, because anybody can write headers. */
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
    "Without METRICS_TOKEN, only requests from the registry's own machine that did not come through a proxy may read the metrics.",
  );
}

/** Headers that proxies add. A forwarded request comes from the proxy's machine, often this one. */
const FORWARDING =
  /^(forwarded|via|cf-.*|x-(forwarded|original|real|envoy)-.*|(.*-)?(client|connecting)-ip)$/;
/**
 * The names of this machine. Proxies keep the name of the original request, and so does a page whose own name was
 * redirected to this machine (DNS rebinding).
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

/** What is read again for every answer. */
interface Sources {
  analysis: () => AnalysisState;
  caches: () => readonly CacheState[];
}

async function collect({ analysis, caches }: Sources) {
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
  new Gauge({
    name: 'analysis_waiting',
    help: 'Requests to analyse definitions that wait for a worker',
    registers,
    collect() {
      this.set(analysis().waiting);
    },
  });
  new Gauge({
    name: 'analysis_workers',
    help: 'Workers that analyse definitions',
    registers,
    collect() {
      this.set(analysis().workers);
    },
  });
  new Counter({
    name: 'analysis_questions_total',
    help: 'Requests to analyse definitions by outcome; deadline and memory mean that the limit was exceeded',
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
    help: 'Memory that a cache takes, as far as it can be estimated',
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
    help: 'Lookups in a cache by outcome; a miss makes the value',
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
  const children = new Map<string, { observe(seconds: number): void }>();
  const observe: Observe = ({ method, route, status, seconds: taken }) => {
    const key = `${method} ${status} ${route}`;
    const child = children.get(key) ?? seconds.labels({ method, route, status });
    children.set(key, child);
    child.observe(taken);
  };
  return { register, observe };
}
