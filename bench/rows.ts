/** Fills the index with many definitions as database rows. Landing each definition would take as long as an import. */
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

const INDEXES = ['definitions_words_index', 'definitions_heading_index'];

/**
 * Inserts definitions until the index has `count` of them. Then rebuilds the search indexes, which is faster than
 * updating them row by row.
 */
export async function fillIndex(store: Store, count: number): Promise<void> {
  const source = await sources();
  const em = store.em();
  const [made] = await em.execute<[{ rows: number }]>(
    `select count(*)::int as rows from definitions where name like 'Device%'`,
  );
  const indexes = await em.execute<{ made: string }[]>(
    'select pg_get_indexdef(name::regclass) as made from unnest(?::text[]) name',
    [`{${INDEXES.join()}}`],
  );
  for (const index of INDEXES) await em.execute(`drop index ${index}`);
  for (let from = made.rows; from < count; from += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => ({
      i: from + i,
      source: source(`Device${from + i}`),
    }));
    await em.execute(INSERT, [JSON.stringify(rows)]);
  }
  for (const index of indexes) await em.execute(index.made);
  // PGlite does not vacuum or analyze automatically.
  await em.execute('vacuum analyze definitions');
}
