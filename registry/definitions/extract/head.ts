/** Writes what the folders and the command line say of a carved definition into its header. */
import { DefinitionError } from '../errors.ts';
import { type HeaderChanges, readHeader, writeHeader } from '../header.ts';
import { decodeSource, encodeSource } from '../source.ts';
import type { Extracted } from './types.ts';

/**
 * Adds category, manufacturer and instrument type to the header, each only where the file does not state it.
 * A header that cannot be read is left as it is; validation tells of it.
 */
export function writeHead(definition: Extracted): void {
  const main = `${definition.name}.py`;
  const source = decodeSource(definition.files.get(main) as Uint8Array);
  const { header } = readHeader(source.text);
  const changes: HeaderChanges = {};
  for (const key of ['category', 'manufacturer', 'instrument_type'] as const) {
    const value = definition[key];
    if (header[key] === undefined && value !== null) Object.assign(changes, { [key]: value });
  }
  try {
    definition.files.set(main, encodeSource(writeHeader(source.text, changes), source));
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    definition.warnings.push(`${definition.origin}: its header is not changed: ${error.message}`);
  }
}
