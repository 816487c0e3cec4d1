/** What an import of a folder takes and returns. */
import type { InstrumentType } from '../types.ts';
import type { Choice } from './choice.ts';

export interface SourceFile {
  path: string;
  /**
   * The value is null for a file that is larger than a file of a definition may be. Do not keep the bytes: each access
   * may read the file, so memory need not hold all files.
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
  /**
   * The names of the folder and its ancestors, outermost first. The names serve to resolve imports and to find the
   * manufacturer.
   */
  location?: string[];
  /** The dotted name of the folder if it is part of an installed package (`pymeasure.instruments`). */
  packageName?: string;
  choice?: Choice;
  /** The most bytes that a file may have, for messages about larger files. */
  maxFileBytes?: number;
  /**
   * How many statements of modules may stay in memory. The more statements stay in memory, the less time an import
   * takes.
   */
  mostStatements?: number;
  onProgress?: OnReading;
}

export interface Extracted {
  name: string;
  /** The name of the class in the folder, if the import renames it. */
  original?: string;
  files: Map<string, Uint8Array>;
  /** For a definition in the layout of an export: the files before the import added to their header. */
  asFound?: Map<string, Uint8Array>;
  /** The file with the class, and the line of the class. */
  origin: string;
  line: number;
  instrument_type: InstrumentType | null;
  category: string | null;
  manufacturer: string | null;
  warnings: string[];
  /** Packages that no import statement names, but whose names are in strings that the code may import. */
  packages?: string[];
}

/**
 * Why something is not imported. `clash`, `taken` and `lost` are classes that should have become definitions. `helper`
 * classes are part of other definitions, `unasked` classes are excluded by the options, and `same` classes are imported
 * from another place. Files are `unreadable` or contain `nothing` to import.
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
  /**
   * The definitions, ordered by their place. Each definition is created when it is asked for, so only one definition
   * has to be in memory.
   */
  definitions: Iterable<Extracted>;
  /**
   * The classes and files that are not imported, ordered by path. The list is complete only after all definitions have
   * been read.
   */
  skipped(): Skipped[];
  /** The options that matched no class, as the user wrote them. */
  unmet: string[];
}
