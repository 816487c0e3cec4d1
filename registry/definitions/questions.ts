/**
 * The questions about definitions. Their cost depends on untrusted input, so services have them answered in
 * workers (registry/analysis/) and import this file only for its types.
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
import type { Files } from './types.ts';
import { validateDefinition } from './validate.ts';
import { validateSaved } from './validate-saved.ts';

/** Arguments and answers cross threads, so they are plain values, maps and bytes. */
export const QUESTIONS = {
  validate: validateDefinition,
  validateSaved,
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

/** The permissions that the header of the main file requests. */
function permissionsAsked(name: string, files: Files): string[] {
  const text = readSources(files).texts.get(`${name}.py`);
  return (text && readHeader(text).header.permissions) || [];
}
