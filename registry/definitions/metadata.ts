/** The metadata of a definition's files. What the header states wins over what the code states. */

import { type Analysis, analyseClass } from './analysis.ts';
import { DefinitionError } from './errors.ts';
import { readSources, siblingsOf } from './files.ts';
import { headerOf, readHeader } from './header.ts';
import { type Module, parseModule } from './syntax.ts';
import type { Files, Metadata } from './types.ts';

/** Describes a definition. Never throws: for a broken file it returns what can be read. */
export function describe(name: string, files: Files): Metadata {
  const main = `${name}.py`;
  const { texts } = readSources(files);
  const text = texts.get(main) ?? '';
  const module = orNull(() => parseModule(text));
  const { header } = module ? headerOf(module) : readHeader(text);
  const code = module && analyse(name, module, siblingsOf(main, texts));
  const info = code?.info;
  return {
    display_name: header.display_name ?? name,
    description: header.description ?? info?.docstring ?? null,
    instrument_type: header.instrument_type ?? info?.instrument_type ?? null,
    category: header.category ?? null,
    manufacturer: header.manufacturer ?? null,
    status: header.status ?? 'operational',
    base_class: code ? (code.ancestry.base ?? info?.base_classes[0] ?? null) : null,
    dependencies: header.dependencies ?? info?.dependencies ?? [],
    settings_schema: header.settings_schema ?? info?.settings_schema ?? null,
    default_settings: header.default_settings ?? info?.default_settings ?? null,
    data_columns: header.data_columns ?? info?.data_columns ?? null,
    data_units: header.data_units ?? info?.data_units ?? null,
    position_column: header.position_column ?? info?.position_column ?? null,
    position_units: header.position_units ?? info?.position_units ?? null,
  };
}

const analyse = (
  name: string,
  module: Module,
  siblings: ReadonlyMap<string, string>,
): Analysis | null =>
  orNull(() => {
    const modules = new Map([...siblings].map(([path, source]) => [path, parseModule(source)]));
    return analyseClass(module, name, modules);
  });

/** Null if the code cannot be read. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DefinitionError) return null;
    throw error;
  }
}
