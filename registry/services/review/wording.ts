/** Titles and descriptions out of commit messages and push options, as the API would take them. */
import { MOST_TEXT, MOST_TITLE } from '../../schemas/review.ts';

export interface Wording {
  text: string;
  /** Whether it was longer than it may be. */
  cut: boolean;
}

/** One line without control characters. */
export function asTitle(text: string): Wording {
  return cutTo(MOST_TITLE, text.replace(/[\s\p{Cc}]+/gu, ' ').trim());
}

/** Lines; PostgreSQL stores no NUL. */
export function asText(text: string): Wording {
  return cutTo(MOST_TEXT, text.replaceAll('\0', '\uFFFD').replaceAll('\r\n', '\n').trim());
}

/** Between code points, for half of one cannot be stored. */
function cutTo(most: number, text: string): Wording {
  const whole = text.toWellFormed();
  const kept = [...whole].slice(0, most).join('');
  return { text: kept, cut: kept.length < whole.length };
}
