import t from 'tap';
import type { DefinitionQuery, Viewer } from '../../registry/store/definitions.ts';
import * as definitions from '../../registry/store/definitions.ts';
import { upsertDefinition } from '../../registry/store/indexing.ts';
import { createLab } from '../../registry/store/labs.ts';
import type { Store } from '../../registry/store/open.ts';
import * as versions from '../../registry/store/versions.ts';
import { onEachDatabase } from '../helpers/databases.ts';
import { definitionFields, insert, versionFields } from './definition-fields.ts';

const everyone = definitions.everything;

async function names(store: Store, query: Partial<DefinitionQuery>): Promise<string[]> {
  const { items } = await definitions.listDefinitions(store.em(), {
    viewer: everyone,
    page: 1,
    perPage: 50,
    ...query,
  });
  return items.map(({ name }) => name);
}

await onEachDatabase(t, 'a definition is read as it was written', async (t, store) => {
  const fields = definitionFields('SR830', {
    description: 'Lock-in',
    settings_schema: { type: 'object', properties: { gain: { minimum: 1e-9 } } },
    default_settings: {},
    data_columns: ['X', 'Y'],
    archived_at: new Date('2026-01-02T03:04:05.678Z'),
    source_code: 'class SR830:\r\n\tpass  # \\n ? :x "\'\n',
  });
  const { id } = await insert(store, fields);
  const found = await definitions.findDefinition(store.em(), 'sr830', everyone);
  t.match(found, { id, ...fields });
  t.same(await definitions.findDefinition(store.em(), id, everyone), found);
  await t.rejects(insert(store, definitionFields('sR830')), {
    code: 'unique_violation',
    constraint: 'definitions_name_key',
  });

  const renewed = { ...fields, archived_at: null, source_code: 'x = 1', data_columns: null };
  await upsertDefinition(store.em(), { ...renewed, id });
  const changed = await definitions.findDefinition(store.em(), id, everyone);
  t.match(changed, { archived_at: null, source_code: 'x = 1', data_columns: null });
  t.same(changed?.created_at, fields.created_at);
});

await onEachDatabase(
  t,
  'new ids come from the sequence and are larger than every existing id',
  async (t, store) => {
    const first = await definitions.allocateDefinitionId(store.em());
    t.ok((await definitions.allocateDefinitionId(store.em())) > first);
    await definitions.advanceDefinitionIds(store.em());
    await upsertDefinition(store.em(), { ...definitionFields('Far'), id: 1000 });
    await definitions.advanceDefinitionIds(store.em());
    t.equal(await definitions.allocateDefinitionId(store.em()), 1001);
    await definitions.advanceDefinitionIds(store.em());
    t.equal(await definitions.allocateDefinitionId(store.em()), 1002, 'never backwards');
  },
);

await onEachDatabase(
  t,
  'a viewer sees only definitions that they may see, in lists and by id',
  async (t, store) => {
    const lab = async (code: string) => (await createLab(store.em(), { name: code, code })).id;
    const [mine, other] = [await lab('mine'), await lab('other')];
    await insert(store, definitionFields('Mine', { lab_id: mine }));
    await insert(store, definitionFields('Other', { lab_id: other }));
    await insert(store, definitionFields('Public', { lab_id: other, is_public: true }));
    await insert(store, definitionFields('Builtin', { is_builtin: true }));
    const proposal = { version: null, head: null };
    await insert(store, definitionFields('MyProposal', { lab_id: mine, ...proposal }));
    await insert(
      store,
      definitionFields('PublicProposal', { lab_id: other, is_public: true, ...proposal }),
    );
    await insert(store, definitionFields('Nobodys'));

    const sees = async (viewer: Omit<Viewer, 'everything'>, expected: string[]) => {
      const who = { everything: false, ...viewer };
      t.same(await names(store, { viewer: who }), expected, JSON.stringify(viewer));
      for (const name of await names(store, {})) {
        const found = await definitions.findDefinition(store.em(), name, who);
        t.equal(found !== null, expected.includes(name), name);
      }
    };
    await sees({ public: false, labs: [], reviews: [], onlyOpen: false }, []);
    await sees({ public: true, labs: [], reviews: [], onlyOpen: false }, ['Builtin', 'Public']);
    await sees({ public: true, labs: [mine], reviews: [], onlyOpen: false }, [
      'Builtin',
      'Mine',
      'Public',
    ]);
    await sees({ public: true, labs: [mine], reviews: [mine], onlyOpen: false }, [
      'Builtin',
      'Mine',
      'MyProposal',
      'Public',
    ]);
    await sees({ public: false, labs: [other], reviews: [], onlyOpen: false }, ['Other', 'Public']);
    t.equal((await names(store, {})).length, 7);
  },
);

await onEachDatabase(
  t,
  'a search finds words of any text and parts of names, in any case',
  async (t, store) => {
    await insert(store, definitionFields('Plain', { description: 'nothing of note' }));
    await insert(store, definitionFields('Percent', { display_name: '100% duty' }));
    await insert(store, definitionFields('Path', { source_code: 'r"C:\\data\\new"' }));
    await insert(store, definitionFields('Maker', { manufacturer: 'STANFORD Research' }));
    await insert(store, definitionFields('Quote', { description: "it's ? and :name" }));
    await insert(store, definitionFields('Unit', { description: '10 µΩ' }));
    const found = (q: string) => names(store, { filters: { q } });
    t.same(await found('note'), ['Plain']);
    t.same(await found('%'), [], 'no word');
    t.same(await found('100% d'), ['Percent']);
    t.same(await found('C:\\data\\'), ['Path']);
    t.same(await found('a_a'), [], 'an underscore is not a wildcard');
    t.same(await found('stanford res'), ['Maker']);
    t.same(await found('ANFO'), ['Maker'], 'a part of a word');
    t.same(await found('m'), ['Maker'], 'one character');
    t.same(await found('UN'), ['Unit'], 'two characters');
    t.same(await found("it's ? and :n"), ['Quote']);
    t.same(await found('µω'), await found('µΩ'), 'letters beyond ASCII in any case');
    t.same(await found('absent'), []);
    t.equal((await found('')).length, 6);
  },
);

await onEachDatabase(t, 'lists are filtered, sorted and divided into pages', async (t, store) => {
  const at = (day: number) => new Date(Date.UTC(2026, 0, day));
  await insert(store, definitionFields('A', { category: 'Lasers', updated_at: at(2) }));
  await insert(
    store,
    definitionFields('B', { category: 'Stages', instrument_type: 'movement', updated_at: at(3) }),
  );
  await insert(
    store,
    definitionFields('C', { category: 'Lasers', status: 'testing', updated_at: at(1) }),
  );
  await insert(store, definitionFields('D', { archived_at: at(1) }));
  const by = (filters: DefinitionQuery['filters']) => names(store, { filters: filters ?? {} });
  t.same(await by({}), ['A', 'B', 'C']);
  t.same(await by({ category: 'Lasers' }), ['A', 'C']);
  t.same(await by({ category: 'Lasers', status: 'testing', q: 'c' }), ['C']);
  t.same(await by({ instrument_type: 'movement' }), ['B']);
  t.same(await by({ is_public: true }), []);
  t.same(await by({ is_archived: true }), ['D']);
  t.same(await names(store, { sort: { field: 'updated_at', descending: true } }), ['B', 'A', 'C']);
  t.same(
    await names(store, { sort: { field: 'category' } }),
    ['A', 'C', 'B'],
    'equal values are sorted by id',
  );
  const second = await definitions.listDefinitions(store.em(), {
    viewer: everyone,
    page: 2,
    perPage: 2,
  });
  t.match(second, { total: 3, items: [{ name: 'C' }] });
  t.notOk(Object.hasOwn(second.items[0] ?? {}, 'source_code'), 'source is left out');
});

await onEachDatabase(
  t,
  'versions are stored by number and deleted with their definition',
  async (t, store) => {
    const { id } = await insert(store, definitionFields('A'));
    const rows = [versionFields(id, 1), versionFields(id, 2, { merge_request: 7 })];
    const verdict = { by: null, at: '2026-01-01T00:00:00Z' };
    await store.transaction((em) => versions.upsertVersions(em, rows));
    await store.transaction((em) =>
      versions.upsertVersions(em, [
        versionFields(id, 2, { revoked: { ...verdict, reason: 'wrong sign' } }),
      ]),
    );
    const page = { page: 1, perPage: 10 };
    const listed = await versions.listVersions(store.em(), id, page);
    t.equal(listed.total, 2);
    t.match(listed.items, [
      { ...versionFields(id, 2), revoked: { reason: 'wrong sign' }, merge_request: null },
      rows[0],
    ]);
    t.match(await versions.findVersion(store.em(), id, 1), rows[0]);
    t.equal(await versions.findVersion(store.em(), id, 3), null);
    await t.rejects(versions.upsertVersions(store.em(), [versionFields(999, 1)]), {
      code: 'foreign_key_violation',
    });
    t.equal(await definitions.deleteDefinition(store.em(), id), true);
    t.equal(await definitions.deleteDefinition(store.em(), id), false, 'gone already');
    t.equal((await versions.listVersions(store.em(), id, page)).total, 0);
  },
);
