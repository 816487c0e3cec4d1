import t from 'tap';
import { everything, type Viewer } from '../../registry/store/definitions.ts';
import { countFacets } from '../../registry/store/facets.ts';
import { createLab } from '../../registry/store/labs.ts';
import { onEachDatabase } from '../helpers/databases.ts';
import { definitionFields, insert } from './definition-fields.ts';

await onEachDatabase(
  t,
  'a facet counts definitions that match the other filters and that the viewer sees',
  async (t, store, { statements }) => {
    const lab = await createLab(store.em(), { name: 'Nano', code: 'nano' } as never);
    const add = (name: string, fields: object) => insert(store, definitionFields(name, fields));
    await add('A', { category: 'Lock-ins', manufacturer: 'SR', is_public: true });
    await add('B', { category: 'Lock-ins', manufacturer: 'Zurich', is_public: true });
    await add('C', { category: 'Stages', manufacturer: null, lab_id: lab.id });
    await add('Gone', { category: 'Lock-ins', is_public: true, archived_at: new Date() });

    statements.length = 0;
    const all = await countFacets(store.em(), { viewer: everything, filters: {} });
    t.equal(statements.length, 1, 'one query for all facets');
    t.same(all.category, [
      { value: 'Lock-ins', count: 2 },
      { value: 'Stages', count: 1 },
    ]);
    t.same(all.lab_id, [
      { value: null, count: 2 },
      { value: lab.id, count: 1 },
    ]);
    t.same(all.is_public, [
      { value: true, count: 2 },
      { value: false, count: 1 },
    ]);

    const narrowed = await countFacets(store.em(), {
      viewer: everything,
      filters: { category: 'Lock-ins', q: 'zurich' },
    });
    t.same(narrowed.manufacturer, [{ value: 'Zurich', count: 1 }]);
    t.same(
      narrowed.category,
      [{ value: 'Lock-ins', count: 1 }],
      'the search applies, the own filter of the facet does not',
    );
    const other = await countFacets(store.em(), {
      viewer: everything,
      filters: { category: 'Lock-ins', is_public: true },
    });
    t.match(other.category, { length: 1 }, 'a definition that is not public adds no choice');
    const wider = await countFacets(store.em(), {
      viewer: everything,
      filters: { category: 'Lock-ins' },
    });
    t.match(wider.category, { length: 2 }, 'the own filter of a facet does not affect its counts');

    const outsider: Viewer = {
      everything: false,
      public: true,
      labs: [],
      reviews: [],
      onlyOpen: false,
    };
    const seen = await countFacets(store.em(), { viewer: outsider, filters: {} });
    t.same(
      seen.category,
      [{ value: 'Lock-ins', count: 2 }],
      'it counts nothing that the computer may not see',
    );
  },
);
