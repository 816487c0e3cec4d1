/** The formats that schemas can name, for all validators. */
import { findHidden, HIDDEN_IN_LINE, HIDDEN_IN_PROSE } from '../../text/hidden.ts';
import { parseTime } from './time.ts';

export const FORMATS = {
  'date-time': (text: string) => parseTime(text) !== null,
  line: (text: string) => findHidden(text, HIDDEN_IN_LINE, 1).length === 0,
  prose: (text: string) => findHidden(text, HIDDEN_IN_PROSE, 1).length === 0,
};
