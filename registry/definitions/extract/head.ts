/** Adds the facts from the folders and the command line to a definition's header. */
import { visibleLine } from '../../../text/hidden.ts';
import { DefinitionError } from '../errors.ts';
import { type HeaderChanges, readHeader, writeHeader } from '../header.ts';
import { TooDeep } from '../python/cursor.ts';
import { OLDEST_SUPPORTED, oldestPython } from '../python/versions.ts';
import { decodeSource, encodeSource } from '../source.ts';
import type { InstrumentType } from '../types.ts';
import type { Extracted } from './types.ts';

/** The known facts about a class beside its files. */
interface Known {
  /** Null if only the header can state it. */
  type: InstrumentType | null;
  further: boolean;
}

/**
 * Adds category, manufacturer, instrument type and `requires-python` to the header, each only if the files do
 * not state it. The type is needed for a class on a further base class (`--base`), because the code does not
 * show it. `requires-python` is added if the syntax needs a newer Python than lab computers may have. A
 * header that cannot be parsed stays unchanged; validation reports it.
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

/** The oldest Python that can parse all files of the definition, as its minor version. */
function oldestOf({ files }: Extracted): number {
  const versions = [...files].map(([path, bytes]) => {
    if (!path.endsWith('.py')) return 0;
    try {
      return oldestPython(decodeSource(bytes).text);
    } catch (error) {
      // Validation refuses files that cannot be parsed or are nested too deeply.
      if (error instanceof DefinitionError || error instanceof TooDeep) return 0;
      throw error;
    }
  });
  return Math.max(0, ...versions);
}
