/** What an import of a folder takes and returns. */
import type { InstrumentType } from '../types.ts';
import type { Choice } from './choice.ts';

export interface SourceFile {
  path: string;
  /**
   * Null for a file larger than a definition may contain. Do not keep the bytes: each access may read the file, so
   * memory need not hold all files.
   */
  readonly bytes: Uint8Array | null;
  /** The size in bytes, if it is known without reading the file. */
  size?: number;
}

/** The steps of reading a folder: read all files, search them for classes, find the code that each class needs. */
export type ReadingStep = 'files' | 'search' | 'classes';

export type OnReading = (step: ReadingStep, done: number, total: number) => void;

export interface ExtractOptions {
  /** Further base classes by name (`--base Instrument=measurement`). */
  bases?: ReadonlyMap<string, InstrumentType>;
  /** The names of the folder and its ancestors, outermost first. Used for imports and to find the manufacturer. */
  location?: string[];
  /** The dotted name of the folder if it is part of an installed package (`pymeasure.instruments`). */
  packageName?: string;
  choice?: Choice;
  /** The largest file in bytes, for messages about larger ones. */
  maxFileBytes?: number;
  /** How many statements of modules may stay in memory. A larger number takes less time. */
  mostStatements?: number;
  onProgress?: OnReading;
}

export interface Extracted {
  name: string;
  /** The name of the class in the folder, if the import renames it. */
  original?: string;
  files: Map<string, Uint8Array>;
  /** The files before the import added to their header. Only for a definition in the layout of an export. */
  asFound?: Map<string, Uint8Array>;
  /** The file with the class, and the line of the class. */
  origin: string;
  line: number;
  instrument_type: InstrumentType | null;
  category: string | null;
  manufacturer: string | null;
  warnings: string[];
  /** Packages that the code may import by names in strings. No import statement names them. */
  packages?: string[];
}

/**
 * Why something is not imported. `clash`, `taken` and `lost` are classes that should have become definitions. `helper`
 * classes are part of other definitions, the options exclude `unasked` classes, and `same` ones are imported from
 * another place. Files are `unreadable` or contain `nothing` to import.
 */
export type SkipKind =
  | 'clash'
  | 'taken'
  | 'lost'
  | 'helper'
  | 'unasked'
  | 'same'
  | 'unreadable'
  | 'nothing';

export interface Skipped {
  path: string;
  class?: string;
  /** Defaults to `unreadable`. */
  kind?: SkipKind;
  reason: string;
  /** A free name, if the wanted name is taken. */
  free_name?: string;
  line?: number;
  column?: number;
}

export interface Extraction {
  /** The names that `definitions` may have, so that callers can check them in advance. */
  names: string[];
  /** The definitions, ordered by their place. Each is created when it is asked for, so only one has to be in memory. */
  definitions: Iterable<Extracted>;
  /** What was skipped, ordered by path. Complete only after all definitions have been read. */
  skipped(): Skipped[];
  /** The options that matched no class, as the user wrote them. */
  unmet: string[];
}
