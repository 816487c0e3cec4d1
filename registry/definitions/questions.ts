/**
 * The questions that services ask about definitions. The cost of a question depends on untrusted input, so workers
 * answer it (registry/analysis/), and services import only the types from this file.
 */
import { compose } from './compose.ts';
import { contentOf, type ReadContent } from './content.ts';
import { readSources } from './files.ts';
import { readHeader } from './header.ts';
import { judgeChange } from './judge-change.ts';
import { lineMap } from './lines.ts';
import { mergeText } from './merge-text.ts';
import { describe } from './metadata.ts';
import { permissionsKept } from './permissions.ts';
import type { Files, ImportPolicy, Validation } from './types.ts';
import { validateDefinition } from './validate.ts';
import { type SavedValidation, validateSaved } from './validate-saved.ts';

/** Arguments and answers are sent between threads, so they are plain values, maps and bytes. */
export const QUESTIONS = {
  validate: validateDefinition,
  validateVersion,
  validateSaved: validateSave,
  describe,
  readContent,
  compose,
  judgeChange,
  permissionsAsked,
  permissionsKept,
  mergeText,
  lineMap,
} as const;

type Questions = typeof QUESTIONS;
export type Question = keyof Questions;
export type Given<Q extends Question> = Parameters<Questions[Q]>;
export type Answer<Q extends Question> = ReturnType<Questions[Q]>;

function readContent(name: string, files: Files): ReadContent {
  return contentOf(name, files, describe(name, files));
}

/**
 * Validates files and, if they are valid, reads what the index stores about them. A landing needs both results, and
 * gets them with a single question.
 */
function validateVersion(name: string, files: Files, policy: ImportPolicy): Validated<Validation> {
  const validation = validateDefinition(name, files, policy);
  return validation.errors.length > 0
    ? validation
    : { ...validation, content: readContent(name, files) };
}

/** Validates the files of a save (validate-saved.ts) and, if they are valid, reads what the index stores about them. */
function validateSave(
  name: string,
  files: Files,
  policy: ImportPolicy,
  typed: string | undefined,
): Validated<SavedValidation> {
  const saved = validateSaved(name, files, policy, typed);
  return saved.valid ? { ...saved, content: readContent(name, files) } : saved;
}

type Validated<Result> = Result & { content?: ReadContent };

/** The permissions that the header of the main file asks for. */
function permissionsAsked(name: string, files: Files): string[] {
  const text = readSources(files).texts.get(`${name}.py`);
  return (text && readHeader(text).header.permissions) || [];
}
