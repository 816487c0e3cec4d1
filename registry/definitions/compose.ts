/** Applies the fields of a save to the files of a definition. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { DefinitionError } from './errors.ts';
import { mainFile, savedBytes, shownText, textOf, withChanges } from './files.ts';
import { type HeaderChanges, transplantHeader, writeHeader } from './header.ts';
import { describe } from './metadata.ts';
import { checkPaths } from './names.ts';
import { decodeSource, encodeSource } from './source.ts';
import type { Files, Metadata } from './types.ts';

/** The metadata fields that a file's header can state. */
const DESCRIBED = [
  'display_name',
  'description',
  'instrument_type',
  'category',
  'manufacturer',
  'status',
  'dependencies',
  'settings_schema',
  'default_settings',
  'data_columns',
  'data_units',
  'position_column',
  'position_units',
] as const satisfies (keyof Metadata)[];

type Described = Pick<Metadata, (typeof DESCRIBED)[number]>;

/** The fields of a save. Null removes a field from the header, or deletes a file. */
export type Change = { [Field in keyof Described]?: Described[Field] | null } & {
  source_code?: string;
  files?: Record<string, string | null>;
};

/** A field of a save that cannot be applied, with its place in the file if the field has one. */
export interface UnfitField {
  path: string;
  message: string;
  [more: string]: unknown;
}

/** The new files, or all fields that cannot be applied. */
export type Composed = { files: Files } | { unfit: UnfitField[] };

/**
 * Applies `change` to the files of `name`. `files` are merged, and the source is replaced; a source without a header
 * gets the old header. Fields that the files do not already state are then written into the header.
 */
export function compose(name: string, before: Files, change: Change): Composed {
  try {
    return { files: merge(name, before, change) };
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return { unfit: error.fields };
  }
}

class Unfit extends Error {
  readonly fields: UnfitField[];

  constructor(fields: UnfitField[]) {
    super(fields.map(({ path, message }) => `${path}: ${message}`).join('; '));
    this.fields = fields;
  }
}

function merge(name: string, before: Files, change: Change): Files {
  const main = mainFile(name);
  const files = withChanges(before, encodeFiles(name, before, change));
  const { source_code } = change;
  if (source_code !== undefined) {
    const current = before.get(main);
    files.set(
      main,
      encode('source_code', () => withOldHeader(main, current, source_code)),
    );
  }
  const problems = checkPaths(files.keys());
  if (problems.length > 0) {
    throw new Unfit(problems.map(({ path, message }) => ({ path: `files/${path}`, message })));
  }
  const source = files.get(main);
  if (source === undefined) {
    throw new Unfit([
      { path: 'source_code', message: `${main} is missing: it must contain the class` },
    ]);
  }
  const edits = headerEdits(name, files, change, before.size === 0);
  if (Object.keys(edits).length > 0) {
    const like = decode(source, 'source_code');
    files.set(
      main,
      encode('source_code', () => encodeSource(writeHeader(like.text, edits), like)),
    );
  }
  return files;
}

function headerEdits(name: string, files: Files, change: Change, isNew: boolean) {
  const edits: Record<string, unknown> = {};
  const wanted = DESCRIBED.filter(
    (field) => change[field] !== undefined && !(isNew && change[field] === null),
  );
  // Most saves contain a source and no other field, so there is nothing to compare.
  if (wanted.length === 0) return edits as HeaderChanges;
  const stated = describe(name, files);
  for (const field of wanted) {
    if (!isDeepStrictEqual(change[field], stated[field])) edits[field] = change[field];
  }
  return edits as HeaderChanges;
}

function withOldHeader(main: string, old: Uint8Array | undefined, text: string): Uint8Array {
  if (old === undefined || shownText(main, old) === text) return savedBytes(main, text, old);
  const mark = text.startsWith('\ufeff') ? '\ufeff' : '';
  const whole = transplantHeader(textOf(old), text.slice(mark.length));
  return savedBytes(main, mark + whole, old);
}

function encodeFiles(name: string, before: Files, change: Change): Map<string, Uint8Array | null> {
  const encoded = new Map<string, Uint8Array | null>();
  for (const [path, text] of Object.entries(change.files ?? {})) {
    const bytes =
      text === null
        ? null
        : encode(`files/${path}`, () => savedBytes(path, text, before.get(path)));
    encoded.set(path, bytes);
  }
  if (encoded.get(mainFile(name)) === null) {
    throw new Unfit([
      { path: `files/${mainFile(name)}`, message: 'the main file cannot be deleted' },
    ]);
  }
  return encoded;
}

function decode(bytes: Uint8Array, path: string) {
  try {
    return decodeSource(bytes);
  } catch (error) {
    throw asUnfit(error, path);
  }
}

function encode(path: string, work: () => Uint8Array): Uint8Array {
  try {
    return work();
  } catch (error) {
    throw asUnfit(error, path);
  }
}

function asUnfit(error: unknown, path: string): unknown {
  if (!(error instanceof DefinitionError)) return error;
  const fields = error.diagnostics.map((found) => ({ path, ...found }));
  return new Unfit(fields.length > 0 ? fields : [{ path, message: error.message }]);
}
