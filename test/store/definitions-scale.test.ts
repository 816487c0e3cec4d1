import t from 'tap';
import { everything, listDefinitions } from '../../registry/store/definitions.ts';
import { onEachDatabase } from '../helpers/databases.ts';

/** 10,000 different definitions. Each definition has about 300 bytes of source, made of words that occur in code. */
const many = `
  insert into definitions (name, display_name, description, instrument_type, category,
                           manufacturer, status, version, head, is_public, source_code)
  select 'Device' || i, 'Device ' || i, 'Made for a test', 'measurement', 'Category ' || i % 20,
         'Maker ' || i % 50, 'operational', 1, md5(i::text), i % 2 = 0,
         (select string_agg('        self.write("' || substr(md5((i * k % 400)::text), 1, 6) || '")', E'\\n')
            from generate_series(1, 12) k)
    from generate_series(1, 10000) i`;

await onEachDatabase(
  t,
  'a list of 10,000 takes one query, a search at most two',
  async (t, store, db) => {
    await store.em().execute(many);
    await store.em().execute('analyze definitions');
    const viewer = { everything: false, public: true, labs: [], reviews: [], onlyOpen: false };
    const queries = {
      'first page': { viewer: everything },
      'public definitions': { viewer },
      'last page': { viewer: everything, page: 200 },
      'by category': { viewer, filters: { category: 'Category 4' } },
      'by date': { viewer, sort: { field: 'updated_at', descending: true } as const },
      'search for one': { viewer: everything, filters: { q: 'DEVICE 4242' } },
      'search in every one': { viewer: everything, filters: { q: 'made for' } },
      'search for a letter': { viewer: everything, filters: { q: 'x' } },
      'search without a match': { viewer: everything, filters: { q: 'no such instrument' } },
    };
    for (const [name, query] of Object.entries(queries)) {
      db.statements.length = 0;
      const times: number[] = [];
      let total = 0;
      for (let i = 0; i < 5; i++) {
        const start = performance.now();
        ({ total } = await listDefinitions(store.em(), { page: 1, perPage: 50, ...query }));
        times.push(performance.now() - start);
      }
      const [best, , median] = times.sort((a, b) => a - b);
      t.comment(`${name}: ${total} found, ${best?.toFixed(1)} ms, median ${median?.toFixed(1)} ms`);
      const asked = db.statements.filter((sql) => /^(select|with)/.test(sql)).length;
      t.ok(asked <= ('filters' in query && 'q' in query.filters ? 2 : 1) * times.length, name);
      t.notMatch(db.statements.join('\n'), 'source_code', 'no source code is read');
    }
  },
);
