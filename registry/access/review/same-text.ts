import { drawing } from '../../../text/alike.ts';

/**
 * Text as a reader takes it, so that a rule for `Lasers` is not escaped by `lasers `, by a full-width letter or by one that
 * is not drawn: compatibility forms are one (NFKC), case, white space and format characters do not count.
 */
export const normalForm = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, (hidden) =>
      /\s/.test(hidden) ? ' ' : '',
    )
    // Twice, for some letters have no partner in one direction: ß and ẞ, ς and σ.
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .trim();

/** The same as a reader takes them, letters of other alphabets that are drawn alike included. */
export const isSameText = (one: string, other: string): boolean =>
  normalForm(one) === normalForm(other) || (drawing(one) !== '' && drawing(one) === drawing(other));
