/** Titles and descriptions out of commit messages and push options, as the API would take them: nobody can be asked. */
import { visible, visibleLine } from '../../../text/hidden.ts';
import { MOST_TEXT, MOST_TITLE } from '../../schemas/review.ts';

export interface Wording {
  text: string;
  /** Whether it was longer than it may be. */
  cut: boolean;
}

/** One line, with what nobody sees spelled out. */
export function asTitle(text: string): Wording {
  return cutTo(MOST_TITLE, visibleLine(text.replace(/\s+/g, ' ').trim()));
}

/** Lines, likewise. */
export function asText(text: string): Wording {
  return cutTo(MOST_TEXT, visible(text.replaceAll('\r\n', '\n').trim()));
}

/** Between code points, for half of one cannot be stored. */
function cutTo(most: number, text: string): Wording {
  const whole = text.toWellFormed();
  const kept = [...whole].slice(0, most).join('');
  return { text: kept, cut: kept.length < whole.length };
}
