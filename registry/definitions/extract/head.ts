/** Writes what the folders and the command line say of a carved definition into its header. */
import { visibleLine } from '../../../text/hidden.ts';
import { DefinitionError } from '../errors.ts';
import { type HeaderChanges, readHeader, writeHeader } from '../header.ts';
import { decodeSource, encodeSource } from '../source.ts';
import type { InstrumentClass } from './roles.ts';
import type { Extracted } from './types.ts';

/**
 * Adds category, manufacturer and instrument type to the header, each only where the files do not state it:
 * the type is in the code, but for a class that builds on a further base class (`--base`). A header that cannot be read is left as it is; validation tells of it.
 */
export function writeHead(definition: Extracted, { type, further }: InstrumentClass): void {
  const main = `${definition.name}.py`;
  const source = decodeSource(definition.files.get(main) as Uint8Array);
  const { header } = readHeader(source.text);
  const changes: HeaderChanges = {};
  const { category, manufacturer } = definition;
  if (header.category === undefined && category !== null) changes.category = visibleLine(category);
  if (header.manufacturer === undefined && manufacturer !== null)
    changes.manufacturer = visibleLine(manufacturer);
  if (header.instrument_type === undefined && further) changes.instrument_type = type;
  try {
    definition.files.set(main, encodeSource(writeHeader(source.text, changes), source));
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    definition.warnings.push(`${definition.origin}: its header is not changed: ${error.message}`);
  }
}
