/** List and search over many definitions, compared with the same queries on the database alone. */
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import type { Store } from '../registry/store/open.ts';
import { type Figure, inTurn, timed } from './pairs.ts';
import { ask, type BenchRegistry } from './registry.ts';
import { fillIndex } from './rows.ts';

const PATH = '/api/instrument-definitions?per_page=50';

/**
 * Search terms for one definition, the commands of one instrument, a manufacturer, and a word in most
 * definitions.
 */
const TERMS = ['device 42', 'OUTX?', 'Maker 7', 'SERIAL_NUMBER = "Device99', 'measures channel'];

/** The columns of a definition in the API, without its source. */
const COLUMNS = `id, name, display_name, description, instrument_type, category, manufacturer, status,
  base_class, dependencies, settings_schema, default_settings, data_columns, data_units,
  position_column, position_units, lab_id, version, head, is_public, is_builtin, archived_at,
  created_by, created_at, updated_at`;

/** The SQL queries for the page and the count, without the registry. */
async function queryAlone(store: Store, term?: string): Promise<void> {
  const found = term === undefined ? '' : 'and search like lower(?)';
  const values = term === undefined ? [] : [`%${term.replace(/[\\%_]/g, '\\$&')}%`];
  const from = `from definitions where archived_at is null ${found}`;
  const em = store.em();
  await em.execute(`select ${COLUMNS} ${from} order by name, id limit 50`, values);
  await em.execute(`select count(*) ${from}`, values);
}

export async function measureSearch(
  registry: BenchRegistry,
  database: string,
  { rounds, rows }: { rounds: number; rows: number },
): Promise<Figure[]> {
  const { store } = registry.deps;
  await fillIndex(store, rows);
  const termOf = (round: number) => TERMS[round % TERMS.length] as string;
  const searched = await inTurn(
    rounds,
    (round) => timed(() => registry.ask('GET', `${PATH}&q=${encodeURIComponent(termOf(round))}`)),
    (round) => timed(() => queryAlone(store, termOf(round))),
  );
  const list = () => timed(() => registry.ask('GET', PATH));
  const listed = await inTurn(rounds, list, () => timed(() => queryAlone(store)));
  const raw = await rawRoute(await registry.ask('GET', PATH));
  const routed = await inTurn(rounds, list, () => timed(raw.ask));
  await raw.close();
  const of = `${rows} definitions (${database})`;
  return [
    {
      name: `search over ${of}`,
      floor: 'the query alone',
      unit: 'ms',
      goal: 3,
      ...searched,
    },
    { name: `list of ${of}`, floor: 'the query alone', unit: 'ms', ...listed },
    { name: `list of ${of}`, floor: 'a raw Fastify route', unit: 'ms', ...routed },
  ];
}

/** A bare Fastify route that sends the same JSON from memory. */
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
