/**
 * Searches definitions and ranks the matches. Matches in the heading (names, manufacturer, category) come first, then those
 * in the description, then those in the code. If nothing matches, a loose search finds headings that are spelt similarly.
 */
import { type FilterQuery, raw } from '@mikro-orm/core';
import type { Condition } from './conditions.ts';
import { cursorOf, isAfter, isCursorOf, type Key, readCursor } from './cursor.ts';
import { Definition } from './entities/index.ts';
import { StoreError } from './errors.ts';
import { columnsOf, fromWhere, MOST_COUNTED, plainRows, type Rows } from './paging.ts';
import { containing } from './search.ts';
import { looseQuery, partsOf, strictQueries } from './search-words.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** A group of matches, by where the words were found: in the name, the heading, the description or the code. */
interface Tier {
  /** The condition for definitions in this tier. The columns in the condition have no table alias. */
  found: Condition;
  /** The condition for definitions in this tier and all tiers after it. */
  rest: Condition;
  /** The SQL of the rank of such a definition, an integer, and the values of its placeholders. */
  rank: Condition;
}

/** A parsed query. The tiers come best first. No definition is in two tiers, and no two tiers have a rank in common. */
export interface Search {
  tiers: readonly Tier[];
  keys: readonly Key[];
}

const keysBy = (rank: string): Key[] => [
  { column: rank, kind: 'number', descending: true },
  { column: 'name', kind: 'text' },
  { column: 'id', kind: 'number' },
];

const WORDS = 'words @@ lower(?)::tsquery';

/** The condition for definitions that match the first query and none of the others. */
const only = (query: string, ...others: string[]): Condition => [
  WORDS,
  others.length === 0 ? query : `${query} & !(${others.join(' | ')})`,
];

export function strictSearch(query: string): Search {
  const parts = partsOf(query);
  if (parts.length === 0) return { tiers: [], keys: keysBy('rank') };
  const { exact, named, described, coded } = strictQueries(parts);
  const last = only(coded, described, exact);
  return {
    keys: keysBy('rank'),
    tiers: [
      { found: only(exact), rest: only(`(${exact} | ${coded})`), rank: [String(MOST_RANK)] },
      { found: only(named, exact), rest: only(coded, exact), rank: closeness(parts) },
      { found: only(described, named, exact), rest: only(coded, named, exact), rank: ['1'] },
      { found: last, rest: last, rank: ['0'] },
    ],
  };
}

/** The lowest rank of a match in the heading. All such ranks are below `MOST_RANK`, the rank of an exact name. */
const HEADINGS = 2;
const MOST_RANK = 1000;

/**
 * The rank of a match in the heading. Whole words rank higher than beginnings of words, and names higher than manufacturer
 * and category.
 */
function closeness(parts: readonly string[]): Condition {
  const of = `case when heading like lower(?) then 9 when heading like lower(?) then 5 else 2 end`;
  return [
    parts.map(() => of).join(' + '),
    ...parts.flatMap((part) => [`% ${part} %|%`, `% ${part} %`]),
  ];
}

/**
 * A search for a query that finds nothing otherwise. The loose search also finds words that are spelt similarly, and
 * parts of words.
 */
export function looseSearch(query: string): Search {
  const parts = partsOf(query);
  const keys = keysBy('closeness');
  if (parts.length === 0) return { tiers: [], keys };
  const inside = parts.filter(({ length }) => length > 2);
  const isInside = inside.length === parts.length;
  const inOrder = inside.map(() => 'heading like lower(?)').join(' and ');
  const words = looseQuery(parts);
  const found: Condition = isInside
    ? [`(${WORDS} or (${inOrder}))`, words, ...inside.map(containing)]
    : [WORDS, words];
  const rank = `${HEADINGS} + (100 * word_similarity(lower(?), heading))::int`;
  return { keys, tiers: [{ found, rest: found, rank: [rank, parts.join(' ')] }] };
}

/** The condition for all definitions that a search finds. */
export function foundBy({ tiers: [first] }: Search): FilterQuery<Definition> {
  const [sql, ...values] = first?.rest ?? ['false'];
  return { [raw(sql, values)]: [] };
}

/**
 * Runs `work` in a transaction in which PostgreSQL's planner prefers indexes. The planner does not know that reading
 * `words` of a row means to fetch and unpack some kilobytes. So the planner would otherwise read all rows and ignore
 * the index.
 */
export async function withIndexes<T>(
  em: EntityManager,
  work: (em: EntityManager) => Promise<T>,
): Promise<T> {
  return await em.transactional(async (em) => {
    await em.execute('set local enable_seqscan = off');
    return await work(em as EntityManager);
  });
}

/** Returns a strict search, or a loose one if the strict search finds nothing. */
export async function searchFor(
  em: EntityManager,
  where: FilterQuery<Definition>,
  query: string,
): Promise<Search> {
  const strict = strictSearch(query);
  const { sql, values } = fromWhere(em, Definition, { $and: [where, foundBy(strict)] });
  const found = await em.execute(`select 1 ${sql} limit 1`, [...values]);
  return found.length > 0 ? strict : looseSearch(query);
}

/** Reads a page of the definitions that a query finds, best first. Throws `invalid_cursor`. */
export async function searchDefinitions(
  em: EntityManager,
  where: FilterQuery<Definition>,
  query: string,
  page: Page,
): Promise<Listed<Definition>> {
  const from = fromWhere(em, Definition, where);
  const loose = looseSearch(query);
  if (page.after !== undefined && isCursorOf(loose.keys, page.after)) {
    return await pageOf(em, from, loose, page);
  }
  const found = await pageOf(em, from, strictSearch(query), page);
  return found.total > 0 ? found : await pageOf(em, from, loose, { ...page, after: undefined });
}

interface Counted {
  counts: number[];
  rows: Ranked[];
}
type Ranked = Record<string, unknown> & { id: number; name: string };

/**
 * Reads a page of matches. Usually reads and ranks all matches of a tier. But if a tier brings the number of matches
 * above `MOST_COUNTED`, this tier and the next ones are ordered by name, for which there is an index.
 *
 * A cursor with a rank continues a ranked list. A cursor with a negative number continues a list by name. So the order
 * does not change between two pages, even if the number of matches does.
 */
async function pageOf(
  em: EntityManager,
  visible: Rows,
  search: Search,
  { page, perPage, after }: Page,
): Promise<Listed<Definition>> {
  const { tiers, keys } = search;
  if (tiers.length === 0) return { items: [], total: 0 };
  const rank = (keys[0] as Key).column;
  const start = after === undefined ? undefined : readCursor(keys, after);
  const [from] = start ?? [];
  const offset = start ? 0 : (page - 1) * perPage;
  const wanted = perPage + 1;
  const isByName = typeof from === 'number' && from < 0;
  if (isByName && -from > tiers.length) {
    throw new StoreError('invalid_cursor', `a search has ${tiers.length} tiers`);
  }
  // The tier in which a ranked cursor is, and those before it, are ranked however many matches they have.
  const begun = typeof from === 'number' && !isByName ? tierOf(search, from) : -1;
  const { counts, rows } = await ranked(em, visible, search, {
    begun,
    start: isByName ? undefined : start,
    limit: isByName ? 0 : wanted,
    offset,
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  const named = isByName ? -from - 1 : crowded(counts, begun);
  if (named !== undefined) {
    const kept = rows.filter((row) => tierOf(search, row[rank] as number) < named);
    const before = counts.slice(0, named).reduce((sum, count) => sum + count, 0);
    const more = await byName(em, visible, (tiers[named] as Tier).rest, {
      start: isByName ? start?.slice(1) : undefined,
      limit: wanted - kept.length,
      offset: Math.max(0, offset - before),
    });
    rows.splice(0, rows.length, ...kept, ...more.map((row) => ({ ...row, [rank]: -named - 1 })));
  }
  const shown = rows.slice(0, perPage);
  const last = rows.length > perPage ? shown.at(-1) : undefined;
  return {
    items: plainRows(
      em,
      Definition,
      shown.map(({ [rank]: _, ...row }) => row),
    ),
    total: Math.min(total, MOST_COUNTED),
    ...(total > MOST_COUNTED && { total_at_least: true }),
    ...(last && { next: cursorOf(keys, last) }),
  };
}

/** The index of the tier to which a rank belongs. */
const tierOf = ({ tiers }: Search, rank: number): number =>
  tiers.length === 1 || rank >= MOST_RANK ? 0 : rank >= HEADINGS ? 1 : 3 - rank;

/** The first tier after `begun` that brings the number of matches above `MOST_COUNTED`. */
function crowded(counts: readonly number[], begun: number): number | undefined {
  let sum = 0;
  for (const [tier, count] of counts.entries()) {
    sum += count;
    if (tier > begun && sum > MOST_COUNTED) return tier;
  }
  return undefined;
}

interface Part {
  start: ReturnType<typeof readCursor> | undefined;
  limit: number;
  offset: number;
}

/** Counts each tier and reads a part of the ranked matches, in one statement. */
async function ranked(
  em: EntityManager,
  visible: Rows,
  { tiers, keys }: Search,
  { begun, start, limit, offset }: Part & { begun: number },
): Promise<Counted> {
  const rank = (keys[0] as Key).column;
  const values: unknown[] = [];
  const tables = tiers.map((tier, i) => {
    const [found, ...given] = tier.found;
    values.push(...visible.values, ...given);
    const counted = tiers.slice(0, i).map((_, k) => ` - (select count(*) from tier${k})`);
    const columns = tier.rank.length > 1 ? 'id, name, heading' : 'id, name';
    const cut = i <= begun ? '' : `limit greatest(${MOST_COUNTED + 1}${counted.join('')}, 0)`;
    return `tier${i} as materialized (select ${columns} ${visible.sql} and ${found} ${cut})`;
  });
  const united = tiers.map((tier, i) => {
    const [ranking, ...given] = tier.rank;
    values.push(...given);
    const crowd = tiers.slice(0, i + 1).map((_, k) => `(select count(*) from tier${k})`);
    const few = i <= begun ? 'true' : `${crowd.join(' + ')} <= ${MOST_COUNTED}`;
    return `select id, name, ${ranking} as ${rank} from tier${i} where ${few}`;
  });
  const [beyond, ...given] = start ? isAfter(keys, start) : ['true'];
  values.push(...given, limit, offset);
  const counts = tiers.map((_, i) => `(select count(*) from tier${i})::int as count${i}`);
  const columns = columnsOf(em, Definition).map((column) => `d.${column}`);
  const found = await em.execute<Ranked[]>(
    `with ${tables.join(', ')}
     select ${[...counts, `page.${rank}`, ...columns].join(', ')}
       from (select) one
       left join (select * from (${united.join(' union all ')}) r
                   where ${beyond} order by ${rank} desc, name, id limit ? offset ?) page on true
       left join definitions d on d.id = page.id
      order by page.${rank} desc, page.name, page.id`,
    values,
  );
  const names = tiers.map((_, i) => `count${i}`);
  return {
    counts: names.map((name) => found[0]?.[name] as number),
    rows: found
      .filter(({ id }) => id !== null)
      .map((row) => {
        for (const name of names) delete row[name];
        return row;
      }),
  };
}

/** Reads a part of the matches, ordered by name with the index of names. */
async function byName(
  em: EntityManager,
  visible: Rows,
  [condition, ...values]: Condition,
  { start, limit, offset }: Part,
): Promise<Ranked[]> {
  // `coalesce` prevents the planner from using the index on words, which would make it sort all matches.
  const [beyond, ...given] = start ? isAfter(keysBy('rank').slice(1), start) : ['true'];
  return await em.execute<Ranked[]>(
    `select * from (select ${columnsOf(em, Definition).join(', ')} ${visible.sql} and coalesce(${condition}, false)) r
      where ${beyond} order by name, id limit ? offset ?`,
    [...visible.values, ...values, ...given, limit, offset],
  );
}
