import { drawing } from '../../../text/alike.ts';

/**
 * Normalizes text to what a reader sees. Case, surplus white space, invisible characters and compatibility forms (NFKC,
 * for example full-width letters) make no difference. So a rule for `Lasers` also applies to `lasers ` with a space at
 * its end.
 */
export const normalForm = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, (hidden) =>
      /\s/.test(hidden) ? ' ' : '',
    )
    // Both conversions are needed, because some letters have a mapping in one direction only: ß and ẞ, ς and σ.
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .trim();

/** Whether two texts look the same to a reader. Letters from different alphabets that look alike count as equal. */
export const isSameText = (one: string, other: string): boolean =>
  normalForm(one) === normalForm(other) || (drawing(one) !== '' && drawing(one) === drawing(other));
