/**
 * Measures the requests of lab computers, compared with a bare route that also authenticates the caller and sends the
 * same bytes.
 */
import { createHash } from 'node:crypto';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { authentication } from '../registry/plugins/authentication.ts';
import { AccessCache } from '../registry/services/access-cache/access-cache.ts';
import { createThrottle } from '../registry/services/people/throttle.ts';
import type { Store } from '../registry/store/open.ts';
import { someCaches } from '../test/helpers/caches.ts';
import { type Figure, inTurn, timed } from './pairs.ts';
import type { BenchRegistry } from './registry.ts';
import { sources } from './sources.ts';

export interface SyncSize {
  rounds: number;
  definitions: number;
}

/** Requests per measurement, because a single request is shorter than the clock's resolution. */
const IN_A_ROW = 200;

export async function measureSync(
  registry: BenchRegistry,
  database: string,
  { rounds, definitions }: SyncSize,
): Promise<Figure[]> {
  const { store } = registry.deps;
  await fillLab(registry, definitions);
  const token = await fillComputer(store);
  const agent = new Agent({ keepAlive: true });
  const sync = `${registry.url}/api/sync`;
  const first = await get(agent, sync, token);
  const { etag = '' } = first.headers;
  const bare = await bareRoute(store, first.body);

  const again = (url: string) => () =>
    timed(async () => {
      for (let i = 0; i < IN_A_ROW; i++) await expect(304, get(agent, url, token, etag));
    });
  const whole = (url: string) => () => timed(() => expect(200, get(agent, url, token)));
  try {
    const unchanged = await inTurn(rounds, again(sync), again(`${bare.url}/304`));
    const list = await inTurn(rounds, whole(sync), whole(`${bare.url}/200`));
    const floor = 'a bare route, same authentication';
    const on = `(${database})`;
    return [
      { name: `unchanged sync ${on}`, floor, unit: 'ms', of: IN_A_ROW, goal: 1.43, ...unchanged },
      { name: `list of ${definitions} definitions ${on}`, floor, unit: 'ms', ...list },
    ];
  } finally {
    agent.destroy();
    await bare.close();
  }
}

/**
 * Lands one definition and copies its rows under other names. Landing every definition would take as long as an import.
 */
async function fillLab({ ask, deps }: BenchRegistry, count: number): Promise<void> {
  const source = await sources();
  const lab = JSON.parse(await ask('POST', '/api/labs', { name: 'Bench', code: 'bench' }));
  const body = { name: 'Synced', lab_id: lab.id, source_code: source('Synced') };
  const { id } = JSON.parse(await ask('POST', '/api/instrument-definitions', body));
  const em = deps.store.em();
  await em.execute(
    `insert into definitions (name, lab_id, created_by, version, head, display_name, description, instrument_type,
         category, manufacturer, status, base_class, dependencies, settings_schema, default_settings, data_columns,
         data_units, position_column, position_units, source_code)
     select name || n, lab_id, created_by, version, head, display_name || n, description, instrument_type,
         category, manufacturer, status, base_class, dependencies, settings_schema, default_settings, data_columns,
         data_units, position_column, position_units, source_code
       from definitions cross join generate_series(2, ?) n where id = ?`,
    [count, id],
  );
  await em.execute(
    `insert into versions (definition_id, version, commit, tag, author_name, author_email, landed_by, landed_by_name,
         files, described, created_at)
     select d.id, v.version, v.commit, v.tag, v.author_name, v.author_email, v.landed_by, v.landed_by_name,
         v.files, v.described, v.created_at
       from versions v cross join definitions d
      where v.definition_id = ? and d.id <> v.definition_id and d.name like 'Synced%'`,
    [id],
  );
  await em.execute('analyze definitions');
  await em.execute('analyze versions');
}

/** Inserts a computer and returns its token. */
async function fillComputer(store: Store): Promise<string> {
  const token = 'pbc_bench';
  const hash = createHash('sha256').update(token).digest('hex');
  await store.em().execute(
    `insert into computers (lab_id, computer_name, token_hash, last_seen)
     select id, 'BENCH', ?, now() + interval '1 day' from labs where code = 'bench'`,
    [hash],
  );
  return token;
}

/** Serves a bare route that authenticates the caller, then sends the body or an empty answer. */
async function bareRoute(store: Store, body: string) {
  const app = Fastify({ logger: false });
  const access = new AccessCache({
    store,
    caches: someCaches(),
    onError: (error) => app.log.error(error),
  });
  app.addHook('onClose', () => access.close());
  await app.register(async (plugin) => {
    await authentication(plugin, {
      store,
      access,
      throttle: createThrottle(),
      jwtSecret: 'x'.repeat(32),
      publicUrl: () => 'http://127.0.0.1',
    });
    plugin.get('/200', async (_request, reply) => reply.type('application/json').send(body));
    plugin.get('/304', async (_request, reply) => reply.code(304).send());
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => app.close() };
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

function get(agent: Agent, url: string, token: string, etag?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { authorization: `Bearer ${token}`, ...(etag && { 'if-none-match': etag }) };
  const sent = request(url, { agent, headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
    });
  });
  sent.on('error', reject).end();
  return promise;
}

async function expect(status: number, answer: Promise<Answer>): Promise<void> {
  const got = await answer;
  if (got.status !== status) throw new Error(`${got.status} ${got.body.slice(0, 300)}`);
}
