/**
 * Request bodies once reached the database unfiltered. A title that was sent together with `changes`, `lab_id` or
 * `password_hash` wrote those columns too. This test sends every column of every table to every operation: as a
 * property of the body, as a property of each object within the body, and as a query parameter. The registry must
 * refuse each column by name and write nothing.
 */
import { Agent, request } from 'node:http';
import t, { type Test } from 'tap';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';
import { type Operation, operationsOf } from './openapi.ts';

t.setTimeout(240_000);

/** Columns that requests once wrote, or that would do the most harm. */
const WORST = [
  ...['id', 'lab_id', 'definition_id', 'state', 'changes', 'head', 'merged_version', 'author_id'],
  ...['password_hash', 'session_epoch', 'is_admin', 'token_hash', 'hash', 'user_id', 'created_at'],
];
const EXAMPLES: Record<string, string> = {
  name: 'Meter',
  computer_name: 'pc-1',
  hash: 'a'.repeat(40),
  file: 'x.zip',
};
const pathOf = ({ path }: { path: string }) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => EXAMPLES[name] ?? '1');

for (const database of DATABASES) {
  await t.test(database, { timeout: 240_000 }, async (t) => {
    const lab = await startLab(t, { database });
    await lab.ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
    await lab.ada.client.computers.create({ computer_name: 'pc-1', lab_id: lab.nano.id });
    const operations = await operationsOf(lab.url);
    const all = columnsOf(lab);
    t.same(
      WORST.filter((column) => !all.includes(column)),
      [],
    );
    t.ok(operations.length > 60 && all.length > 80);
    const { token } = lab.admin;

    await refusesAll(t, lab, 'a property of the body', () =>
      operations
        .filter(({ method }) => method !== 'GET')
        .flatMap((operation) =>
          placesIn(operation).flatMap(({ at, named, body }) =>
            all
              .filter((column) => !named.includes(column))
              .map((column) => ({
                ...{ method: operation.method, path: pathOf(operation), token },
                body: JSON.stringify(body({ [column]: 1 })),
                named: [...at, column].join('.'),
              })),
          ),
        ),
    );

    // These requests have no token, because authentication would take most of the time.
    await refusesAll(t, lab, 'a query parameter', () =>
      operations
        .filter(({ operationId }) => operationId !== 'finishSingleSignOn')
        .flatMap(({ query, ...operation }) =>
          all
            .filter((column) => !query.includes(column))
            .map((column) => ({
              method: operation.method,
              path: `${pathOf(operation)}?${column}=1`,
              body: operation.body && JSON.stringify(bodyOf(operation.body)),
              named: column,
            })),
        ),
    );
  });
}

t.test('only free-form objects accept undeclared properties', async (t) => {
  const { url, ada, nano } = await startLab(t);
  const operations = await operationsOf(url);
  const free = new Set(operations.flatMap(({ body }) => (body ? freeIn(body as Schema, []) : [])));
  t.same([...free].sort(), [
    ...['default_settings', 'errors.0', 'extra_data', 'last_settings', 'settings_schema'],
    'specifications',
  ]);
  const { instruments } = ada.client;
  const kept = { password_hash: 'text', lab_id: 7, nested: { is_admin: true } };
  const made = await instruments.create({ name: 'Free', specifications: kept, extra_data: kept });
  t.match(made, { specifications: kept, extra_data: kept, lab_id: nano.id });
});

interface Schema {
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  type?: string;
  pattern?: string;
  format?: string;
  minLength?: number;
  minimum?: number;
}

/** The names of all columns, from the entities. */
function columnsOf({ deps }: TestLab): string[] {
  const all = [...deps.store.em().getMetadata().getAll().values()];
  return [...new Set(all.flatMap(({ props }) => props.flatMap(({ fieldNames }) => fieldNames)))];
}

interface Place {
  at: string[];
  named: string[];
  /** Returns the body with the given columns added to the object at this position. */
  body(foreign: object): unknown;
}

/**
 * Every object in a body whose properties are declared. If the operation takes no body, the columns are the whole body.
 */
function placesIn({ body }: Operation): Place[] {
  if (body === undefined) return [{ at: [], named: [], body: (foreign) => foreign }];
  return objectsIn(body as Schema, [], (value) => value);
}

function objectsIn(schema: Schema, at: string[], wrap: (value: unknown) => unknown): Place[] {
  const inner = (schema.anyOf ?? []).flatMap((choice) => objectsIn(choice, at, wrap));
  if (schema.items) inner.push(...objectsIn(schema.items, [...at, '0'], (one) => wrap([one])));
  if (typeof schema.additionalProperties === 'object') {
    const values = schema.additionalProperties;
    inner.push(...objectsIn(values, [...at, 'any'], (any) => wrap({ any })));
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    inner.push(...objectsIn(property, [...at, name], (value) => wrap({ [name]: value })));
  }
  if (schema.additionalProperties !== false) return inner;
  const named = Object.keys(schema.properties ?? {});
  return [{ at, named, body: (foreign) => wrap(foreign) }, ...inner];
}

/** The positions where a schema accepts any property. */
function freeIn(schema: Schema, at: string[]): string[] {
  const isObject = schema.type === 'object' || schema.properties !== undefined;
  return [
    ...(isObject && typeof schema.additionalProperties !== 'object'
      ? schema.additionalProperties === false
        ? []
        : [at.join('.')]
      : []),
    ...(schema.anyOf ?? []).flatMap((choice) => freeIn(choice, at)),
    ...(schema.items ? freeIn(schema.items, [...at, '0']) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      freeIn(property, [...at, name]),
    ),
  ];
}

/**
 * A body that satisfies the schema. With another body, the registry would refuse the body before it checks the query.
 */
function bodyOf(schema: Schema): unknown {
  if (schema.anyOf) return bodyOf(schema.anyOf[0] as Schema);
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'integer') return schema.minimum ?? 1;
  if (schema.type === 'array') return [];
  if (schema.type === 'boolean') return true;
  if (schema.type === 'string') {
    if (schema.pattern?.includes('@')) return 'ada@lab.example';
    return schema.pattern?.includes('{40}') ? 'a'.repeat(40) : 'something';
  }
  return Object.fromEntries(
    (schema.required ?? []).map((name) => [name, bodyOf(schema.properties?.[name] as Schema)]),
  );
}

interface Trial {
  method: string;
  path: string;
  token?: string;
  body?: string | undefined;
  /** The path that the problem document must name. */
  named: string;
}

async function refusesAll(t: Test, lab: TestLab, what: string, trials: () => Trial[]) {
  await t.test(what, { timeout: 240_000 }, async (t) => {
    const all = trials();
    t.ok(all.length > 500);
    const before = await everythingIn(lab);
    const faults: string[] = [];
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    await Promise.all(
      Array.from({ length: 8 }, async (_, lane) => {
        for (let i = lane; i < all.length; i += 8) {
          const fault = await faultOf(lab, agent, all[i] as Trial);
          if (fault !== undefined) faults.push(fault);
        }
      }),
    );
    agent.destroy();
    t.same(faults.slice(0, 20), [], `all of ${all.length}`);
    t.same(await everythingIn(lab), before, 'nothing is written');
  });
}

async function faultOf({ url }: TestLab, agent: Agent, trial: Trial): Promise<string | undefined> {
  const { method, path, token, body, named } = trial;
  const { status, text } = await new Promise<{ status: number | undefined; text: string }>(
    (resolve, reject) => {
      const headers = {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      };
      const sent = request(url + path, { method, agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, text }));
      });
      sent.on('error', reject).end(body);
    },
  );
  const paths = status === 422 ? JSON.parse(text).errors.map(({ path }: Trial) => path) : [];
  if (paths.includes(named)) return undefined;
  return `${method} ${path} ${body ?? ''}: ${status} ${text.slice(0, 200)}`;
}

/** A digest of every table and every ref. Leases and the last use of tokens and computers are left out. */
async function everythingIn({ deps }: TestLab) {
  const em = deps.store.em();
  const tables = [...em.getMetadata().getAll().values()]
    .map(({ tableName }) => tableName)
    .filter((table) => table !== 'followers');
  const digests = new Map<string, unknown>();
  for (const table of tables) {
    const row = `to_jsonb(x) - 'last_used_at' - 'last_seen'`;
    digests.set(
      table,
      await em.execute(
        `select count(*) as rows, md5(coalesce(string_agg((${row})::text, '' order by (${row})::text), '')) as digest from "${table}" x`,
      ),
    );
  }
  const meter = await deps.repositories.open('Meter');
  return { digests: [...digests], refs: [...(await meter.refs())] };
}
