/** What the schemas mean by their formats, for every validator of them. */
import { findHidden, HIDDEN_IN_LINE, HIDDEN_IN_PROSE } from '../../text/hidden.ts';

export const FORMATS = {
  'date-time': isTime,
  line: (text: string) => findHidden(text, HIDDEN_IN_LINE, 1).length === 0,
  prose: (text: string) => findHidden(text, HIDDEN_IN_PROSE, 1).length === 0,
};

/** RFC 3339 date-time that JavaScript can read. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));
}
