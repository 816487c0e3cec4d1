import { DefinitionError } from '../../../registry/definitions/errors.ts';
import { decodeSource } from '../../../registry/definitions/source.ts';
import { parseModule } from '../../../registry/definitions/syntax.ts';
import type { Diagnostic } from '../../../registry/definitions/types.ts';
import { verdictOf } from '../../../registry/definitions/verdict.ts';
import type { Verdict } from './pythons.ts';

function errorOf(bytes: Uint8Array): Diagnostic | null {
  try {
    return verdictOf(parseModule(decodeSource(bytes).text)).error;
  } catch (error) {
    if (error instanceof DefinitionError) return error.diagnostics[0] ?? null;
    throw error;
  }
}

/** Describes the case if only one of CPython and the registry accepts the text. ruff checks unknown character names. */
export function disagreement(bytes: Uint8Array, [kind, line, , message]: Verdict): string | null {
  const error = errorOf(bytes);
  if (kind === 'limit' || message.includes('unknown Unicode character name')) return null;
  if ((kind === 'valid') === (error === null)) return null;
  return `CPython: ${message || kind} (${line}), here: ${error?.message ?? 'valid'} (${error?.line})\n${show(bytes)}`;
}

/** Describes the case if CPython and the registry both refuse the text, but at lines that are not adjacent. */
export function wrongPlace(bytes: Uint8Array, [kind, line, , message]: Verdict): string | null {
  const error = errorOf(bytes);
  if (kind !== 'invalid' || !line || error === null || Math.abs(error.line - line) <= 1)
    return null;
  return `CPython: ${message} (${line}), here: ${error.message} (${error.line})\n${show(bytes)}`;
}

function show(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes).toString().slice(0, 1000));
}
