/** Reports whether Python accepts a text. */

import { compileFault } from './python/compile.ts';
import type { Fault } from './python/faults.ts';
import { oldestAllowed } from './python/versions.ts';
import { positions } from './source.ts';
import type { Module } from './syntax.ts';
import type { Diagnostic } from './types.ts';

export interface Verdict {
  /** The error that CPython's `compile()` would raise; null for valid Python. */
  readonly error: Diagnostic | null;
  /** The warnings that CPython 3.14 would print. */
  readonly warnings: readonly Diagnostic[];
}

export function verdictOf({ text, root, fault }: Module): Verdict {
  const compiled = fault ? { fault, warnings: [] } : compileFault(root, text);
  if (!compiled.fault && compiled.warnings.length === 0) return { error: null, warnings: [] };
  const place = positions(text);
  const tell = ({ from, to, message }: Fault, code: string): Diagnostic => ({
    ...place.span(from, to),
    code,
    message,
  });
  return {
    error: compiled.fault && tell(compiled.fault, 'syntax'),
    warnings: compiled.warnings.map((one) => tell(one, 'syntax-warning')),
  };
}

/** Warns of syntax that some Python version allowed by `requires-python` cannot read. */
export function newerSyntax(
  { text, features }: Module,
  requires: string | undefined,
): Diagnostic[] {
  const oldest = oldestAllowed(requires);
  const newer = features.filter(({ minor }) => minor > oldest);
  if (newer.length === 0) return [];
  const place = positions(text);
  const allowed =
    requires === undefined
      ? `without requires-python the definition is for Python 3.${oldest} too`
      : `requires-python = "${requires}" allows Python 3.${oldest}`;
  return newer.map(({ from, to, minor, what }) => ({
    ...place.span(from, to),
    code: 'newer-syntax',
    message: `${what} needs Python 3.${minor}, and ${allowed}: write requires-python = ">=3.${minor}" into the header, or use older syntax`,
  }));
}
