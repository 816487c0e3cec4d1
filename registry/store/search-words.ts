/**
 * Translates what a user types into queries on the words of definitions. Splits the query in the same way as the
 * database's `search_parts` splits a heading (migrations/0020-ranked-search.ts). Pure.
 */

/** The most parts of a query. Further parts are ignored, because each part needs several lookups. */
const MOST_PARTS = 8;
/** The index contains only this many characters of a word in a heading. */
const LONGEST = 20;
/** The index contains only this many characters of a word in a description or in code. */
const LONGEST_ELSEWHERE = 40;

/**
 * Names of makers. A search for one name of a maker finds all names of this maker, because makers were renamed or are
 * known by initials.
 */
const MAKERS: readonly (readonly string[])[] = [
  ['hp', 'hewlett', 'packard', 'agilent', 'keysight'],
  ['srs', 'stanford'],
  ['lecroy', 'teledyne'],
  ['ni', 'national'],
];

/** Abbreviations that people type, and what they stand for. */
const SHORT: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  ami: 'american magnetics',
  awg: 'arbitrary generator',
  dmm: 'multimeter',
  fridge: 'refrigerator',
  psu: 'power supply',
  scope: 'oscilloscope',
  smu: 'source meter',
  vna: 'network analyzer',
});

/** Words that say nothing about an instrument. The loose search ignores these words. */
const FILLING = new Set([
  'a',
  'an',
  'and',
  'by',
  'for',
  'from',
  'in',
  'of',
  'on',
  'the',
  'to',
  'with',
]);

/** All ASCII characters except letters and digits. */
const SEPARATORS = /[\0-/:-@[-`{-\x7f]+/;

/**
 * Splits a query into its parts. Keeps upper case, because the database converts the parts to lower case, as it did for
 * the index. JavaScript might convert letters beyond ASCII differently.
 */
export function partsOf(query: string): string[] {
  const split = query
    .slice(0, 1000)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/([A-Za-z])([0-9])/g, '$1 $2')
    .replace(/([0-9])([A-Za-z])/g, '$1 $2')
    .split(SEPARATORS)
    .filter((part) => part !== '')
    .map((part) => characters(part, LONGEST_ELSEWHERE));
  return [...new Set(split)].slice(0, MOST_PARTS);
}

/** The first `most` characters of a text, counted as PostgreSQL counts them. */
const characters = (text: string, most: number): string => [...text].slice(0, most).join('');

const lexeme = (word: string, mark = ''): string => `'${mark}${word}'`;
const all = (terms: readonly string[]): string => `(${terms.join(' & ')})`;
const any = (terms: readonly string[]): string => `(${[...new Set(terms)].join(' | ')})`;

/** Matches a heading that has a word with this beginning. */
const inHeading = (part: string): string => lexeme(characters(part, LONGEST));

/** Matches a heading that has a part of the query, another name of this maker, or the words that an abbreviation means. */
function named(part: string): string {
  const short = part.toLowerCase();
  const maker = MAKERS.find((words) => words.includes(short)) ?? [];
  const meant = SHORT[short]?.split(' ').map(inHeading);
  return any([...[part, ...maker].map(inHeading), ...(meant ? [all(meant)] : [])]);
}

/**
 * Matches a word of the description (`:`) or the code (`.`). The last part of a query also matches beginnings of words,
 * because the user may still be typing it.
 */
const elsewhere = (part: string, mark: ':' | '.', isLast: boolean): string =>
  `${lexeme(part, mark)}${isLast && part.length > 3 ? ':*' : ''}`;

type Find = (part: string, isLast: boolean) => string;

/**
 * Matches all parts of a query. Matches also if two neighbouring parts, or all parts, are written as one word: "lock
 * in" finds "lockin".
 * @param find makes the query for one part
 */
function together(parts: readonly string[], find: Find): string {
  const found = (words: readonly string[]) =>
    all(words.map((word, i) => find(word, i === words.length - 1)));
  const pairs = parts
    .slice(1)
    .map((part, i) => [...parts.slice(0, i), `${parts[i]}${part}`, ...parts.slice(i + 2)]);
  const whole = parts.length > 2 && parts.length < 5 ? [[parts.join('')]] : [];
  return any([parts, ...pairs, ...whole].map(found));
}

/** Queries for PostgreSQL (`tsquery`), from narrow to wide. */
export interface WordQueries {
  /** The parts together are the name. */
  exact: string;
  /** All parts are in the heading. */
  named: string;
  /** Each part is in the heading or the description. */
  described: string;
  /** Each part is in the heading, the description or the code. */
  coded: string;
}

export function strictQueries(parts: readonly string[]): WordQueries {
  const inText: Find = (part, isLast) => any([named(part), elsewhere(part, ':', isLast)]);
  return {
    exact: lexeme(characters(parts.join(''), LONGEST_ELSEWHERE), '='),
    named: together(parts, named),
    described: together(parts, inText),
    coded: together(parts, (part, isLast) =>
      any([inText(part, isLast), elsewhere(part, '.', isLast)]),
    ),
  };
}

/** Matches as `coded` does, and also words of the heading with one letter wrong, missing, added or swapped. */
export function looseQuery(parts: readonly string[]): string {
  const told = parts.filter((part) => !FILLING.has(part.toLowerCase()));
  return together(told.length > 0 ? told : parts, (part, isLast) =>
    any([
      ...[named(part), ...alike(part)],
      ...[elsewhere(part, ':', isLast), elsewhere(part, '.', isLast)],
    ]),
  );
}

function alike(part: string): string[] {
  const letters = [...characters(part, LONGEST)];
  if (letters.length < 4 || /\d/.test(part)) return [];
  const without = letters.map((_, i) => letters.toSpliced(i, 1).join(''));
  // Without its last one or two letters, a plural finds the singular.
  const ends = [1, 2].map((n) => letters.slice(0, -n).join('')).filter(({ length }) => length > 3);
  return [
    ...[letters.join(''), ...without].map((word) => lexeme(word, '~')),
    ...ends.map((end) => lexeme(end)),
  ];
}
