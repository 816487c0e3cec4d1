/**
 * What a search asks of the words of a definition. Splits a query as `search_parts` splits a heading
 * (migrations/0020-ranked-search.ts). Pure.
 */

/** More parts of a query are ignored: each is looked up several times. */
const MOST_PARTS = 8;
/** The index holds beginnings up to this length of the words in a heading, and of other words. */
const LONGEST = 20;
const LONGEST_ELSEWHERE = 40;

/** Words of a maker's names, each of which stands for all: the makers have other names now, or are known by letters. */
const MAKERS: readonly (readonly string[])[] = [
  ['hp', 'hewlett', 'packard', 'agilent', 'keysight'],
  ['srs', 'stanford'],
  ['lecroy', 'teledyne'],
  ['ni', 'national'],
];

/** What people type for longer words. */
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

/** Words that say nothing about an instrument. A search for misspelt words does without them. */
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

/** ASCII without letters and digits. */
const SEPARATORS = /[\0-/:-@[-`{-\x7f]+/;

/**
 * The parts of a query, in its own case: the database lower-cases them as it does the index, which only matters beyond
 * ASCII.
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

/** The text as PostgreSQL counts its characters, cut. */
const characters = (text: string, most: number): string => [...text].slice(0, most).join('');

const lexeme = (word: string, mark = ''): string => `'${mark}${word}'`;
const all = (terms: readonly string[]): string => `(${terms.join(' & ')})`;
const any = (terms: readonly string[]): string => `(${[...new Set(terms)].join(' | ')})`;

/** In a heading: a word that begins with this. */
const inHeading = (part: string): string => lexeme(characters(part, LONGEST));

/** What a part of the query can be in a heading: itself, another name of the maker, or what it stands for. */
function named(part: string): string {
  const short = part.toLowerCase();
  const maker = MAKERS.find((words) => words.includes(short)) ?? [];
  const meant = SHORT[short]?.split(' ').map(inHeading);
  return any([...[part, ...maker].map(inHeading), ...(meant ? [all(meant)] : [])]);
}

/** In the description (`:`) or the code (`.`): the word. Of the last part, which may still be typed, the beginning. */
const elsewhere = (part: string, mark: ':' | '.', isLast: boolean): string =>
  `${lexeme(part, mark)}${isLast && part.length > 3 ? ':*' : ''}`;

type Find = (part: string, isLast: boolean) => string;

/**
 * All parts by this look-up of a part; or with two neighbours as one word, or with all of them: "lock in" finds
 * "lockin".
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

/** Queries of the database (`tsquery`), from narrow to wide. */
export interface WordQueries {
  /** The name. */
  exact: string;
  /** All parts are in the heading. */
  named: string;
  /** In the heading or the description. */
  described: string;
  /** In the heading, the description or the code. */
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

/** The same for parts of which one letter is wrong, missing, too many, or swapped with its neighbour. */
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
  // A plural, or another ending.
  const ends = [1, 2].map((n) => letters.slice(0, -n).join('')).filter(({ length }) => length > 3);
  return [
    ...[letters.join(''), ...without].map((word) => lexeme(word, '~')),
    ...ends.map((end) => lexeme(end)),
  ];
}
