import t from 'tap';
import {
  type DefinitionFilters,
  type DefinitionSort,
  everything,
  listDefinitions,
  type Viewer,
} from '../../registry/store/definitions.ts';
import type { DefinitionFields } from '../../registry/store/indexing.ts';
import { createLab } from '../../registry/store/labs.ts';
import type { Store } from '../../registry/store/open.ts';
import { listVersions, upsertVersions } from '../../registry/store/versions.ts';
import { randomFrom } from '../definitions/layouts.ts';
import { onEachDatabase } from '../helpers/databases.ts';
import { definitionFields, insert, versionFields } from './definition-fields.ts';

const pick = randomFrom(20);
const random = {
  pick,
  from: (least: number, most: number): number =>
    pick(Array.from({ length: most - least + 1 }, (_, i) => least + i)),
};
const word = () =>
  Array.from({ length: random.from(1, 3) }, () => random.pick([...'abcde'])).join('');
const maybe = <T>(value: T): T | null => (random.from(0, 2) === 0 ? null : value);

type Row = DefinitionFields & { id: number };
let made = 0;

async function addRow(store: Store, labs: readonly number[]): Promise<Row> {
  const isProposed = random.from(0, 5) === 0;
  const day = () => new Date(Date.UTC(2026, 0, random.from(1, 4), 0, 0, 0, random.from(0, 2)));
  return await insert(
    store,
    definitionFields(`${word()}${String(++made).padStart(4, 'x')}`, {
      display_name: word(),
      category: maybe(word()),
      manufacturer: maybe(word()),
      created_at: day(),
      updated_at: day(),
      lab_id: maybe(random.pick(labs)),
      is_public: random.from(0, 1) === 0,
      is_builtin: random.from(0, 9) === 0,
      archived_at: random.from(0, 6) === 0 ? day() : null,
      ...(isProposed ? { version: null, head: null } : { version: random.from(1, 4) }),
    }),
  );
}

const SORTS = [
  ...(['name', 'display_name', 'category', 'manufacturer', 'version'] as const),
  ...(['created_at', 'updated_at', 'id'] as const),
].flatMap((field): DefinitionSort[] => [{ field }, { field, descending: true }]);

/** The definitions that the list must contain, computed from all rows. */
function model(rows: readonly Row[], viewer: Viewer, filters: DefinitionFilters): Row[] {
  const sees = ({ version, lab_id, is_public, is_builtin }: Row): boolean =>
    viewer.everything ||
    (version === null
      ? viewer.reviews.includes(lab_id ?? -1)
      : viewer.labs.includes(lab_id ?? -1) || (viewer.public && (is_public || is_builtin)));
  return rows.filter(
    (row) =>
      sees(row) &&
      (row.archived_at !== null) === (filters.is_archived ?? false) &&
      (filters.category === undefined || row.category === filters.category) &&
      (filters.is_public === undefined || row.is_public === filters.is_public),
  );
}

/** The order of a list: null is larger than every value, and equal values are ordered by id. */
function inOrder({ field, descending }: DefinitionSort) {
  const compare = (a: unknown, b: unknown): number => {
    if (a === b) return 0;
    if (a === null || b === null) return a === null ? 1 : -1;
    return (a as string) < (b as string) ? -1 : 1;
  };
  const of = (row: Row) => (row[field] instanceof Date ? row[field].getTime() : row[field]);
  return (a: Row, b: Row): number =>
    (descending ? -1 : 1) * (compare(of(a), of(b)) || compare(a.id, b.id));
}

async function ask(store: Store, labs: readonly number[]) {
  const seen = labs.filter(() => random.from(0, 1) === 0);
  const viewer: Viewer = random.pick([
    everything,
    {
      everything: false,
      public: random.from(0, 1) === 0,
      labs: seen,
      reviews: seen.slice(1),
      onlyOpen: false,
    },
  ]);
  const filters: DefinitionFilters = {
    ...(random.from(0, 3) === 0 && { category: word() }),
    ...(random.from(0, 3) === 0 && { is_public: random.from(0, 1) === 0 }),
    ...(random.from(0, 3) === 0 && { is_archived: true }),
  };
  const sort = random.pick(SORTS);
  const perPage = random.from(1, 9);
  const list = (page: { page?: number; after?: string | undefined }) =>
    listDefinitions(store.em(), { viewer, filters, sort, perPage, page: 1, ...page });
  return { viewer, filters, sort, perPage, list };
}

await onEachDatabase(t, 'lists in pages', async (t, store, db) => {
  t.afterEach(() => store.em().execute('delete from definitions'));
  const labs = [
    (await createLab(store.em(), { name: 'One', code: 'one' })).id,
    (await createLab(store.em(), { name: 'Two', code: 'two' })).id,
  ];

  await t.test(
    'every page, by number or by cursor, is that part of all rows in order',
    async (t) => {
      const rows: Row[] = [];
      for (let i = 0; i < 60; i++) rows.push(await addRow(store, labs));
      for (let round = 0; round < 25; round++) {
        const { viewer, filters, sort, perPage, list } = await ask(store, labs);
        const expected = model(rows, viewer, filters).sort(inOrder(sort));
        const context = JSON.stringify({ viewer, filters, sort, perPage });
        let after: string | undefined;
        for (let page = 1; (page - 1) * perPage <= expected.length; page++) {
          const part = expected.slice((page - 1) * perPage, page * perPage).map(({ id }) => id);
          const numbered = await list({ page });
          const followed = page === 1 ? numbered : await list({ after });
          for (const found of [numbered, followed]) {
            const ids = found.items.map(({ id }) => id);
            if (ids.join() !== part.join()) t.same(ids, part, `page ${page} of ${context}`);
            if (found.total !== expected.length) t.equal(found.total, expected.length, context);
          }
          after = followed.next;
          const isLast = page * perPage >= expected.length;
          if ((after === undefined) !== isLast) t.fail(`next of page ${page} of ${context}`);
          if (isLast) break;
        }
      }
      t.pass('25 lists in pages');
    },
  );

  await t.test(
    'cursors neither lose nor repeat a definition while others are added and removed',
    async (t) => {
      let rows: Row[] = [];
      for (let i = 0; i < 40; i++) rows.push(await addRow(store, labs));
      for (let round = 0; round < 15; round++) {
        const { viewer, filters, sort, list } = await ask(store, labs);
        let staying = model(rows, viewer, filters);
        const seen: number[] = [];
        let after: string | undefined;
        do {
          const found = await list({ after });
          seen.push(...found.items.map(({ id }) => id));
          after = found.next;
          for (let change = random.from(0, 2); change > 0; change--) {
            rows.push(await addRow(store, labs));
            const gone = random.pick(rows);
            rows = rows.filter((row) => row !== gone);
            staying = staying.filter((row) => row !== gone);
            await store.em().execute('delete from definitions where id = ?', [gone.id]);
          }
        } while (after !== undefined);
        const context = JSON.stringify({ viewer, filters, sort });
        if (new Set(seen).size !== seen.length) t.fail(`repeated in ${context}`);
        const lost = staying.filter(({ id }) => !seen.includes(id));
        if (lost.length > 0) t.fail(`lost ${lost.map(({ name }) => name)} in ${context}`);
      }
      t.pass('15 lists that changed between their pages');
    },
  );

  await t.test('a page and its count are one statement', async (t) => {
    const { id } = await insert(store, definitionFields('A'));
    await upsertVersions(
      store.em(),
      [1, 2, 3].map((n) => versionFields(id, n)),
    );
    db.statements.length = 0;
    const first = await listVersions(store.em(), id, { page: 1, perPage: 2 });
    t.equal(db.statements.length, 1);
    t.match(first, { total: 3, items: [{ version: 3 }, { version: 2 }] });
    const second = await listVersions(store.em(), id, { page: 1, perPage: 2, after: first.next });
    t.match(second, { total: 3, items: [{ version: 1 }] });
    t.notOk('next' in second, 'the page is the last');
    const beyond = await listVersions(store.em(), id, { page: 9, perPage: 2 });
    t.match(beyond, { total: 3, items: [] }, 'a page beyond the last has the count too');
  });

  await t.test('counting ends at 10,000', async (t) => {
    await store.em().execute(
      `insert into definitions (name, display_name, status, version)
       select 'D' || i, 'D', 'operational', 1 from generate_series(1, 10000) i`,
    );
    const list = () => listDefinitions(store.em(), { viewer: everything, page: 1, perPage: 1 });
    const exact = await list();
    t.equal(exact.total, 10_000);
    t.notOk('total_at_least' in exact, 'exact');
    await insert(store, definitionFields('OneMore'));
    t.match(await list(), { total: 10_000, total_at_least: true });
  });

  await t.test('a cursor of another order, or an invalid one, is refused', async (t) => {
    await insert(store, definitionFields('A'));
    await insert(store, definitionFields('B'));
    const list = (after: string | undefined, sort: DefinitionSort) =>
      listDefinitions(store.em(), { viewer: everything, page: 1, perPage: 1, after, sort });
    const { next } = await list(undefined, { field: 'name' });
    t.equal((await list(next, { field: 'name' })).items[0]?.name, 'B');
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const refused = [
      ...['', 'x', 'bm90IEpTT04', encode(null), encode({}), encode([]), encode(['name,id'])],
      ...[encode(['name,id', 'A']), encode(['name,id', null, 1]), encode(['name,id', 1, 1])],
      ...[
        encode(['name,id', 'A', '1']),
        encode(['name,id', 'A', 1.5]),
        encode(['name,id', 'A', 1e10]),
      ],
      ...[
        encode(['name,id', 'A\0', 1]),
        encode(['name,id', 'A', 1, 1]),
        encode(['-name,-id', 'A', 1]),
      ],
      ...[encode(['name,id', 'A'.repeat(20_000), 1]), encode(['name,id', ['A'], 1])],
    ];
    for (const cursor of refused) {
      await t.rejects(
        list(cursor, { field: 'name' }),
        { code: 'invalid_cursor' },
        cursor.slice(0, 80),
      );
    }
    const times = [
      encode(['created_at,id', 'yesterday', 1]),
      encode(['created_at,id', "2026'", 1]),
    ];
    for (const cursor of [next, ...times]) {
      await t.rejects(list(cursor, { field: 'created_at' }), { code: 'invalid_cursor' });
    }
  });
});
