import { drawing } from '../../../text/alike.ts';

/**
 * Normalizes text to what a reader sees, so that neither `lasers ` nor a full-width or invisible letter escapes a rule for
 * `Lasers`: compatibility forms are equal (NFKC); case, white space and format characters are ignored.
 */
export const normalForm = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, (hidden) =>
      /\s/.test(hidden) ? ' ' : '',
    )
    // Twice, because some letters map in one direction only: ß and ẞ, ς and σ.
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .trim();

/** Whether a reader sees the same text. Letters of other alphabets that look alike are equal. */
export const isSameText = (one: string, other: string): boolean =>
  normalForm(one) === normalForm(other) || (drawing(one) !== '' && drawing(one) === drawing(other));
