/**
 * Turns commit messages and push options into valid titles and descriptions of merge requests. Texts that are too long
 * are cut, because the registry cannot ask their authors for shorter ones.
 */
import { visible, visibleLine } from '../../../text/hidden.ts';
import { MOST_TEXT, MOST_TITLE } from '../../schemas/review.ts';

export interface Wording {
  text: string;
  /** Whether the text was too long and was cut. */
  cut: boolean;
}

/** A title: one line, with hidden characters escaped. */
export function asTitle(text: string): Wording {
  return cutTo(MOST_TITLE, visibleLine(text.replace(/\s+/g, ' ').trim()));
}

/** A description: several lines, with hidden characters escaped. */
export function asText(text: string): Wording {
  return cutTo(MOST_TEXT, visible(text.replaceAll('\r\n', '\n').trim()));
}

/** Cuts between code points, because the database cannot store half a surrogate pair. */
function cutTo(most: number, text: string): Wording {
  const whole = text.toWellFormed();
  const kept = [...whole].slice(0, most).join('');
  return { text: kept, cut: kept.length < whole.length };
}
