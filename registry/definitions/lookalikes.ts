/**
 * Finds names in Python code that look like other names. Letters of other alphabets are ordinary in names (`µV`,
 * `ρ_xx`, `測定`). A name causes a warning if Python reads it as a different name, or if a word in it mixes two
 * alphabets. A name that looks like another name of the file or like a built-in causes a warning too.
 */
import { positions } from './source.ts';
import { type Module, textOf, walk } from './syntax.ts';
import type { Diagnostic } from './types.ts';

/**
 * For each ASCII letter, the Cyrillic, Greek, Armenian and Latin letters that look like it (Unicode, confusables.txt).
 */
const ALIKES: Record<string, string> = {
  a: '\u0430\u0251',
  c: '\u0441',
  d: '\u0501',
  e: '\u0435',
  g: '\u0261\u0581',
  h: '\u04bb\u0570',
  i: '\u0456\u0131',
  j: '\u0458',
  n: '\u0578',
  o: '\u043e\u03bf\u0585',
  p: '\u0440',
  q: '\u051b\u0566',
  s: '\u0455',
  u: '\u057d',
  w: '\u051d',
  x: '\u0445',
  y: '\u0443',
  A: '\u0410\u0391',
  B: '\u0412\u0392',
  C: '\u0421',
  E: '\u0415\u0395',
  G: '\u050c',
  H: '\u041d\u0397',
  I: '\u0406\u0399',
  J: '\u0408',
  K: '\u041a\u039a',
  M: '\u041c\u039c',
  N: '\u039d',
  O: '\u041e\u039f\u0555',
  P: '\u0420\u03a1',
  Q: '\u051a',
  S: '\u0405\u054f',
  T: '\u0422\u03a4',
  U: '\u054d',
  W: '\u051c',
  X: '\u0425\u03a7',
  Y: '\u0423\u03a5',
  Z: '\u0396',
};
const DRAWN_AS = new Map(
  Object.entries(ALIKES).flatMap(([latin, alike]) =>
    [...alike].map((letter): [string, string] => [letter, latin]),
  ),
);

/** Built-ins that code may call without an import. */
const BUILT_IN =
  'abs all any bool bytes callable chr compile complex dict dir divmod enumerate eval exec exit filter float format ' +
  'getattr globals hasattr hash help hex id input int isinstance iter len list locals map max min next object oct ' +
  'open ord pow print property range repr reversed round self set setattr slice sorted str sum super tuple type vars zip';

const NAMES = new Set(['VariableName', 'PropertyName']);
const LATIN = /\p{Script=Latin}/u;
/**
 * Alphabets with letters that can be mistaken for Latin ones. Greek is not listed, because `Δf` is ordinary: only the
 * Greek letters in `ALIKES` count.
 */
const ALIKE =
  /[\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}]/u;

/** One `look-alike` warning for each name of a module that looks like another name. */
export function lookAlikes({ root, text }: Module): Diagnostic[] {
  if (!/[^\0-\x7f]/.test(text)) return [];
  const names = new Map<string, { from: number; to: number }>();
  walk(root, (node) => {
    if (!NAMES.has(node.type)) return;
    const name = textOf(node, text);
    if (!names.has(name)) names.set(name, node);
  });
  const plain = new Set(BUILT_IN.split(' '));
  for (const name of names.keys()) if (isAscii(name)) plain.add(name);
  const places = positions(text);
  return [...names].flatMap(([name, { from, to }]) => {
    const message = isAscii(name) ? null : whyAlike(name, plain);
    return message === null ? [] : [{ ...places.span(from, to), code: 'look-alike', message }];
  });
}

const isAscii = (name: string): boolean => !/[^\0-\x7f]/.test(name);

function whyAlike(name: string, plain: ReadonlySet<string>): string | null {
  const read = name.normalize('NFKC');
  if (read !== name && isAscii(read)) return `Python reads ${name} as ${read}: write ${read}`;
  const mixed = read.split(/[_\d]+/).find(isMixed);
  if (mixed !== undefined)
    return `${name} mixes letters of two alphabets that look alike: ${spelled(mixed)}`;
  const drawn = drawnAs(read);
  if (plain.has(drawn))
    return `${name} looks like ${drawn} but is a different name: ${spelled(name)}`;
  return null;
}

/** Whether a word contains both Latin letters and letters that can be mistaken for them. */
function isMixed(word: string): boolean {
  const letters = [...word];
  const alike = (letter: string) =>
    ALIKE.test(letter) || (DRAWN_AS.has(letter) && !LATIN.test(letter));
  return letters.some((letter) => LATIN.test(letter)) && letters.some(alike);
}

const drawnAs = (name: string): string =>
  [...name].map((letter) => DRAWN_AS.get(letter) ?? letter).join('');

/** Lists the code points of the letters that are not ASCII. */
const spelled = (name: string): string =>
  [...name]
    .filter((letter) => !isAscii(letter))
    .map(
      (letter) =>
        `${letter} is U+${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`,
    )
    .join(', ');
