/**
 * Turns commit messages and push options into titles and descriptions that the API would accept, because
 * their authors cannot be asked.
 */
import { visible, visibleLine } from '../../../text/hidden.ts';
import { MOST_TEXT, MOST_TITLE } from '../../schemas/review.ts';

export interface Wording {
  text: string;
  /** Whether it was too long. */
  cut: boolean;
}

/** One line, with hidden characters escaped. */
export function asTitle(text: string): Wording {
  return cutTo(MOST_TITLE, visibleLine(text.replace(/\s+/g, ' ').trim()));
}

/** Several lines, with hidden characters escaped. */
export function asText(text: string): Wording {
  return cutTo(MOST_TEXT, visible(text.replaceAll('\r\n', '\n').trim()));
}

/** Cuts between code points, because half of one cannot be stored. */
function cutTo(most: number, text: string): Wording {
  const whole = text.toWellFormed();
  const kept = [...whole].slice(0, most).join('');
  return { text: kept, cut: kept.length < whole.length };
}
