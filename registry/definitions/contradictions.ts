/** Finds values that differ between header and code. The header wins, and validation warns. */

import { isDeepStrictEqual } from 'node:util';
import type { ReadHeader } from './header-fields.ts';
import type { ClassInfo, Diagnostic } from './types.ts';

const STATED_TWICE = [
  'instrument_type',
  'data_columns',
  'data_units',
  'position_column',
  'position_units',
  'default_settings',
] as const;

/**
 * A warning for each key whose values in header and code differ. A value that the code leaves unknown gives no warning.
 */
export function compare(info: ClassInfo, { header, spans }: ReadHeader): Diagnostic[] {
  return STATED_TWICE.flatMap((key) => {
    const [stated, coded, span] = [header[key], info[key], spans.get(key)];
    if (stated === undefined || coded === null || !span || isDeepStrictEqual(stated, coded))
      return [];
    const name = key.replaceAll('_', '-');
    const message = `The header states ${name} ${show(stated)}, but the code states ${show(coded)}; the header wins`;
    return [{ ...span, code: 'header-contradicts-code', message }];
  });
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
