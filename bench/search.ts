/** Measures lists and searches over many definitions, compared with their SQL statements alone. */
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { type Figure, inTurn, timed } from './pairs.ts';
import { ask, type BenchRegistry } from './registry.ts';
import { fillIndex } from './rows.ts';

const PATH = '/api/instrument-definitions?per_page=50';

/**
 * Search terms that match one definition, the commands of one instrument, a manufacturer, and a word in most
 * definitions.
 */
const TERMS = ['device 42', 'OUTX?', 'Maker 7', 'SERIAL_NUMBER = "Device99', 'measures channel'];

/** The numbers of definitions at which lists and searches are measured, to show how the times grow. */
export type Sizes = readonly number[];

export async function measureSearch(
  registry: BenchRegistry,
  database: string,
  { rounds, rows }: { rounds: number; rows: Sizes },
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of rows) {
    await fillIndex(registry.deps.store, count);
    figures.push(...(await measureAt(registry, `${count} definitions (${database})`, rounds)));
  }
  return figures;
}

async function measureAt(registry: BenchRegistry, of: string, rounds: number): Promise<Figure[]> {
  const termOf = (round: number) => TERMS[round % TERMS.length] as string;
  const search = (term: string) => registry.ask('GET', `${PATH}&q=${encodeURIComponent(term)}`);
  const list = () => registry.ask('GET', PATH);
  const alone = new Map<string, () => Promise<void>>();
  for (const term of TERMS) alone.set(term, await queryAlone(registry, () => search(term)));
  const listAlone = await queryAlone(registry, list);
  const searched = await inTurn(
    rounds,
    (round) => timed(() => search(termOf(round))),
    (round) => timed(alone.get(termOf(round)) as () => Promise<void>),
  );
  const listed = await inTurn(
    rounds,
    () => timed(list),
    () => timed(listAlone),
  );
  const raw = await rawRoute(await list());
  const routed = await inTurn(
    rounds,
    () => timed(list),
    () => timed(raw.ask),
  );
  await raw.close();
  const unit = 'ms';
  return [
    { name: `search over ${of}`, floor: 'the query alone', unit, goal: 2, ...searched },
    { name: `list of ${of}`, floor: 'the query alone', unit, goal: 2, ...listed },
    { name: `list of ${of}`, floor: 'a raw Fastify route', unit, ...routed },
  ];
}

/** Runs the request's own statements for a page and its count, over the same database connection. */
async function queryAlone(
  { deps: { store } }: BenchRegistry,
  request: () => Promise<unknown>,
): Promise<() => Promise<void>> {
  const pool = (await store.orm.em.getConnection().getNativeClient()) as Pool;
  const statements: string[] = [];
  const watched = new Map<PoolClient, PoolClient['query']>();
  const watch = (client: PoolClient) => {
    if (watched.has(client)) return;
    const { query } = client;
    watched.set(client, query);
    client.query = (statement, ...rest) => {
      statements.push(typeof statement === 'string' ? statement : statement.text);
      return Reflect.apply(query, client, [statement, ...rest]);
    };
  };
  pool.on('acquire', watch);
  try {
    await request();
  } finally {
    pool.off('acquire', watch);
    for (const [client, query] of watched) client.query = query;
  }
  const own = statements.filter((sql) => /list_total|\btier0\b/.test(sql));
  const isSearch = own.some((sql) => sql.includes('tier0'));
  if (own.length === 0) throw new Error('the request did not read a list');
  return async () => {
    const client = await pool.connect();
    for (const statement of isSearch ? IN_SEARCH : []) await client.query(statement);
    for (const statement of own) await client.query(statement);
    if (isSearch) await client.query('commit');
    client.release();
  };
}

/** Sets up the query planner as a search does. */
const IN_SEARCH = ['begin', 'set local enable_seqscan = off'];

interface PoolClient {
  query(statement: string | { text: string }, ...rest: unknown[]): Promise<unknown>;
  release(): void;
}
interface Pool {
  connect(): Promise<PoolClient>;
  on(event: 'acquire', listener: (client: PoolClient) => void): unknown;
  off(event: 'acquire', listener: (client: PoolClient) => void): unknown;
}

/** Starts a bare Fastify route that sends the same JSON from memory. */
async function rawRoute(json: string) {
  const answer = JSON.parse(json) as object;
  const app = Fastify();
  app.get('/', async () => answer);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/`;
  const agent = new Agent({ keepAlive: true });
  return {
    ask: () => ask(agent, url, { method: 'GET' }),
    async close() {
      agent.destroy();
      await app.close();
    },
  };
}
