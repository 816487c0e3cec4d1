/** Adds facts from folder names and the command line to the header of a definition. */
import { visibleLine } from '../../../text/hidden.ts';
import { DefinitionError } from '../errors.ts';
import { type HeaderChanges, readHeader, writeHeader } from '../header.ts';
import { TooDeep } from '../python/cursor.ts';
import { OLDEST_SUPPORTED, oldestPython } from '../python/versions.ts';
import { decodeSource, encodeSource } from '../source.ts';
import type { InstrumentType } from '../types.ts';
import type { Extracted } from './types.ts';

/** What is known about a class from outside its files. */
interface Known {
  /** The instrument type; null if only the header can state it. */
  type: InstrumentType | null;
  further: boolean;
}

/**
 * Adds category, manufacturer, instrument type and `requires-python` to the header, except for what the files already
 * state. The instrument type is added for a class on a further base class (`--base`), because its code does not show
 * the type. `requires-python` is added if the syntax needs a newer Python than some lab computers have. A header that
 * cannot be parsed is left unchanged; validation reports it.
 */
export function writeHead(definition: Extracted, { type, further }: Known): void {
  const main = `${definition.name}.py`;
  const source = decodeSource(definition.files.get(main) as Uint8Array);
  const { header } = readHeader(source.text);
  const changes: HeaderChanges = {};
  const { category, manufacturer } = definition;
  if (header.category === undefined && category !== null) changes.category = visibleLine(category);
  if (header.manufacturer === undefined && manufacturer !== null)
    changes.manufacturer = visibleLine(manufacturer);
  if (header.instrument_type === undefined && further && type !== null)
    changes.instrument_type = type;
  const oldest = oldestOf(definition);
  if (header.requires_python === undefined && oldest > OLDEST_SUPPORTED)
    changes.requires_python = `>=3.${oldest}`;
  try {
    definition.files.set(main, encodeSource(writeHeader(source.text, changes), source));
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    definition.warnings.push(`${definition.origin}: its header is not changed: ${error.message}`);
  }
}

/** The minor version of the oldest Python that can parse all files of the definition. */
function oldestOf({ files }: Extracted): number {
  const versions = [...files].map(([path, bytes]) => {
    if (!path.endsWith('.py')) return 0;
    try {
      return oldestPython(decodeSource(bytes).text);
    } catch (error) {
      // The file cannot be parsed or is nested too deeply. Validation refuses it.
      if (error instanceof DefinitionError || error instanceof TooDeep) return 0;
      throw error;
    }
  });
  return Math.max(0, ...versions);
}
