/** Helpers for extraction tests, where a folder is an object that maps paths to texts. */
import { deepStrictEqual } from 'node:assert/strict';
import { extract } from '../../../registry/definitions/extract/extract.ts';
import type {
  Extracted,
  ExtractOptions,
  Skipped,
  SourceFile,
} from '../../../registry/definitions/extract/types.ts';

export interface Extraction {
  /** Sorted by name. */
  definitions: Extracted[];
  skipped: Skipped[];
  unmet: string[];
}

/** Collects the whole result of an extraction. The number of modules in memory does not affect the result. */
export function extractAll(files: Iterable<SourceFile>, options?: ExtractOptions): Extraction {
  const all = [...files];
  const extraction = collect(all, options);
  deepStrictEqual(collect(all, { ...options, mostStatements: 1 }), extraction);
  return extraction;
}

export function collect(files: Iterable<SourceFile>, options?: ExtractOptions): Extraction {
  const { names, definitions, skipped, unmet } = extract(files, options);
  const all = [...definitions].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (!all.every(({ name }) => names.includes(name)))
    throw new Error(`the names ${names} were announced`);
  return { definitions: all, skipped: skipped(), unmet };
}

/** Extracts definitions from files given as text. */
export function extractTexts(
  files: Record<string, string | Uint8Array>,
  options: ExtractOptions = {},
): Extraction {
  return extractAll(filesOf(files), options);
}

export function filesOf(texts: Record<string, string | Uint8Array>): SourceFile[] {
  const encoder = new TextEncoder();
  return Object.entries(texts).map(([path, content]) => ({
    path,
    bytes: typeof content === 'string' ? encoder.encode(content) : content,
  }));
}

/** The names of the extracted definitions. */
export function namesOf({ definitions }: Extraction): string[] {
  return definitions.map(({ name }) => name);
}

/** The definition with this name. */
export function named({ definitions }: Extraction, name: string): Extracted {
  const found = definitions.find((one) => one.name === name);
  if (!found) throw new Error(`no definition ${name} in ${definitions.map((one) => one.name)}`);
  return found;
}

/** The files of a definition as texts. */
export function textsOf({ files }: Extracted): Record<string, string> {
  return Object.fromEntries(
    [...files].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]),
  );
}

/** The skipped classes, as `path class: reason`. */
export function skips({ skipped }: Extraction): string[] {
  return skipped.map(({ path, class: name, reason }) => `${path} ${name ?? '-'}: ${reason}`);
}

/** An empty measurement class. */
export function meter(name: string, base = 'BaseMeasurementInstrument'): string {
  return `class ${name}(${base}):\n    def __init__(self):\n        super().__init__("m")\n`;
}
