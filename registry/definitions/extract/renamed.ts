/** Renames a definition as `--rename` asks. */
import { type Renamed, RenameError, renameDefinition } from '../rename/rename.ts';
import type { Extracted, Skipped } from './types.ts';

/** The definition under its new name, or the reason why it cannot have this name. */
export function applyRename(definition: Extracted, to: string): Extracted | Skipped {
  const { name, origin, line, files } = definition;
  if (name === to) return definition;
  try {
    const renamed = renameDefinition(files, name, to);
    const warnings = [...definition.warnings, ...warningsOf(renamed, name)];
    return { ...definition, name: to, original: name, files: renamed.files, warnings };
  } catch (error) {
    if (!(error instanceof RenameError)) throw error;
    const reason = `--rename ${name}=${to}: ${error.message}`;
    return { path: origin, class: name, kind: 'lost', line, reason };
  }
}

/** One warning for all texts that mention the name but do not refer to the class. */
function warningsOf({ mentions }: Renamed<unknown>, name: string): string[] {
  if (mentions.length === 0) return [];
  const places = mentions.slice(0, 3).map(({ file, line }) => `${file}:${line}`);
  const more = mentions.length > 3 ? ` and ${mentions.length - 3} more` : '';
  return [`texts that mention ${name} are unchanged: ${places.join(', ')}${more}`];
}
