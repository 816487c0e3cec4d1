/** Validates a save. The places of findings are lines of the text that was sent. */
import type { UnfitField } from './compose.ts';
import { mainFile, textOf } from './files.ts';
import { readHeader } from './header.ts';
import { changesBetweenLines } from './line-diff.ts';
import { mapLine } from './lines.ts';
import { splitLines } from './script-block.ts';
import { typedSource } from './source.ts';
import type { Diagnostic, Files, ImportPolicy, Validation } from './types.ts';
import { validateDefinition } from './validate.ts';

export interface SavedValidation extends Pick<Validation, 'valid' | 'class_info'> {
  /** Each error, with the field of the save that caused it. The first error's message includes its place. */
  unfit: UnfitField[];
}

/**
 * Validates the files of a save. `typed` is the main file as it was sent. Places refer to the lines of `typed`, even if
 * a header was added above them. An error in an added header names its field and has no place.
 */
export function validateSaved(
  name: string,
  files: Files,
  policy: ImportPolicy,
  typed: string | undefined,
): SavedValidation {
  const { valid, errors, class_info } = validateDefinition(name, files, policy);
  if (valid) return { valid, class_info, unfit: [] };
  const main = mainFile(name);
  const inMain = typed === undefined ? asItStands : inTyped(files.get(main), typed);
  const unfit = errors.map((found) =>
    found.file === undefined || found.file === main
      ? inMain(found)
      : { path: `files/${found.file}`, ...found },
  );
  return { valid, class_info, unfit };
}

const asItStands = (found: Diagnostic): UnfitField => ({ path: 'source_code', ...found });

function inTyped(bytes: Uint8Array | undefined, typed: string): typeof asItStands {
  if (bytes === undefined) return asItStands;
  const { text } = typedSource(typed);
  const written = textOf(bytes);
  if (written === text) return asItStands;
  const map = changesBetweenLines(splitLines(written).lines, splitLines(text).lines);
  const { spans } = readHeader(written);
  return (found) => {
    const line = mapLine(map, found.line);
    const end_line = mapLine(map, found.end_line) ?? line;
    if (line !== null) return { path: 'source_code', ...found, line, end_line };
    const { code, message } = found;
    const field = [...spans].find(([, at]) => at.line <= found.line && found.line <= at.end_line);
    return { path: field?.[0] ?? 'source_code', code, message };
  };
}
