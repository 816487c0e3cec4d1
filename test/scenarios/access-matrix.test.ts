/**
 * Compares the registry with docs/access.md: sends the request of every table row as every caller in the columns, over
 * real HTTP and with real git. The page explains how to add a row and a column.
 */
import t from 'tap';
import { startGitRunner } from '../helpers/git.ts';
import { askGit } from './access/ask.ts';
import { askEverybody } from './access/cells.ts';
import { OPERATIONS, outcomeOf, unnamed } from './access/git.ts';
import { outcome, request, sees } from './access/http.ts';
import { readMatrix, titleOf } from './access/matrix.ts';
import { type Asker, askersOf, PERSONS } from './access/persons.ts';
import { REQUESTS } from './access/requests.ts';
import { byName, openService } from './access/routes.ts';
import { NEVER, NEVER_REF, THINGS } from './access/things.ts';
import { makeWorld } from './access/world.ts';

startGitRunner();
t.setTimeout(300_000);
const matrix = await readMatrix(PERSONS);
const world = await makeWorld(t);
const service = await openService(t, world);
const routes = byName(service.routes);
const askers = askersOf(world, service.url);

t.test('every route has a row in docs/access.md, and every row a route', async (t) => {
  const rows = new Set(matrix.http.map(({ operation }) => operation));
  for (const [name, { method, url }] of routes) {
    t.ok(rows.has(name), `${method} ${url} needs a row \`${name}\` in docs/access.md`);
  }
  for (const { at, operation } of matrix.http) {
    t.ok(routes.has(operation), `${at}: there is no route ${operation} (any more)`);
  }
  const gitRows = new Set(matrix.git.map(({ operation }) => operation));
  t.strictSame([...gitRows].sort(), Object.keys(OPERATIONS).sort(), 'git operations');
  const unused = new Set(Object.keys(REQUESTS));
  for (const { operation, variant } of matrix.http) unused.delete(`${operation} ${variant}`.trim());
  t.strictSame([...unused], [], 'test/scenarios/access/requests.ts has no line too many');
  for (const { at, on } of [...matrix.http, ...matrix.git]) {
    if (on !== null) t.ok(on in THINGS, `${at}: test/scenarios/access/things.ts makes no "${on}"`);
  }
});

for (const row of matrix.http) {
  t.test(`${titleOf(row)} (${row.at})`, async (t) => {
    const route = routes.get(row.operation);
    if (!route) return;
    await askEverybody(t, row, {
      world,
      askers,
      changes: route.method !== 'GET',
      tooLittle: '403',
      async cell(t, { who, expected, asker, thing }) {
        const answer = await request(route, row, thing, asker);
        t.equal(outcome(answer, expected, thing), expected, `${who}: ${answer.body.slice(0, 200)}`);
        const isDenied = Number(expected) >= 400 && thing !== undefined;
        if (!isDenied || (await sees(fully(asker), thing.page))) return;
        const never = await request(route, row, { ...thing, ...NEVER }, asker);
        t.strictSame(answer, never, `${who}: as if it had never been`);
      },
    });
  });
}

/** The caller with a token of the largest scope. */
const fully = (asker: Asker): Asker =>
  Object.values(askers).find(
    ({ url, person }) => url === asker.url && person?.username === asker.person?.username,
  ) ?? asker;

for (const row of matrix.git) {
  t.test(`${titleOf(row)} (${row.at})`, async (t) => {
    const operation = OPERATIONS[row.operation];
    if (!operation) return;
    await askEverybody(t, row, {
      world,
      askers,
      changes: /^(force-)?push|^delete/.test(row.operation),
      tooLittle: 'refused',
      async cell(t, { who, expected, asker, thing }) {
        if (!thing) throw new Error(`${row.at}: git is always asked about a thing`);
        const result = await operation({ world, thing, asker });
        t.equal(outcomeOf(result), expected, `${who}: ${result.stderr}`);
        if (expected === 'absent') {
          const never = { ...thing, ...NEVER_REF };
          const { stderr } = await operation({ world, thing: never, asker });
          t.equal(unnamed(result.stderr, thing), unnamed(stderr, never), `${who}: as of none`);
        }
        if (await sees(asker, `/api/instrument-definitions/${thing.definition}`)) return;
        for (const service of ['git-upload-pack', 'git-receive-pack']) {
          const path = `info/refs?service=${service}`;
          const hidden = await askGit(asker, thing.name, path);
          t.strictSame(
            hidden,
            await askGit(asker, NEVER.name, path),
            `${who}: ${service} as of none`,
          );
        }
      },
    });
  });
}
