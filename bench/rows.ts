/** Fills the index with many definitions as rows, because landing each would take as long as an import. */
import type { Store } from '../registry/store/open.ts';
import { sources } from './sources.ts';

const AT_ONCE = 500;

const INSERT = `
  insert into definitions (name, display_name, description, instrument_type, category,
                           manufacturer, status, version, head, is_public, data_columns, source_code)
  select 'Device' || (row->>'i'), 'Device ' || (row->>'i'), 'Measures channel ' || (row->>'i'),
         'measurement', 'Category ' || (row->>'i')::int % 20, 'Maker ' || (row->>'i')::int % 50,
         'operational', 1, md5(row->>'i') || '00000000', true, '["X", "Y"]', row->>'source'
    from jsonb_array_elements(?::jsonb) row`;

const SEARCH_INDEX = 'definitions_search_index';

/**
 * Inserts `count` definitions, then rebuilds the search index, which is faster than updating it row by row.
 */
export async function fillIndex(store: Store, count: number): Promise<void> {
  const source = await sources();
  const em = store.em();
  const [index] = await em.execute<[{ made: string }]>(
    `select pg_get_indexdef('${SEARCH_INDEX}'::regclass) as made`,
  );
  await em.execute(`drop index ${SEARCH_INDEX}`);
  for (let from = 0; from < count; from += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => ({
      i: from + i,
      source: source(`Device${from + i}`),
    }));
    await em.execute(INSERT, [JSON.stringify(rows)]);
  }
  await em.execute(index.made);
  await em.execute('analyze definitions');
}
