/** Input and output of an extraction. */
import type { InstrumentType } from '../types.ts';
import type { Choice } from './choice.ts';

export interface SourceFile {
  path: string;
  /**
   * Null for a file larger than a definition may hold. Read it again rather than keeping it: each access may
   * read the file.
   */
  readonly bytes: Uint8Array | null;
  /** In bytes, if known without reading the file. */
  size?: number;
}

/** Reading has three steps: all files are read, then searched for classes, then the parts that each class needs are found. */
export type ReadingStep = 'files' | 'search' | 'classes';

export type OnReading = (step: ReadingStep, done: number, total: number) => void;

export interface ExtractOptions {
  /** Further base classes by name (`--base Instrument=measurement`). */
  bases?: ReadonlyMap<string, InstrumentType>;
  /** Names of the folder and its ancestors, outermost first; used for imports and for the manufacturer. */
  location?: string[];
  /** The folder's dotted name if it is part of an installed package (`pymeasure.instruments`). */
  packageName?: string;
  choice?: Choice;
  /** Size limit of a file in bytes, for messages about larger ones. */
  maxFileBytes?: number;
  /** The number of statements of modules that may stay in memory; more take less time. */
  mostStatements?: number;
  onProgress?: OnReading;
}

export interface Extracted {
  name: string;
  /** The name of its class in the folder, if the import renames it. */
  original?: string;
  files: Map<string, Uint8Array>;
  /** The files before the import wrote into the header; only for a definition in the layout of an export. */
  asFound?: Map<string, Uint8Array>;
  /** The file that contains the class, and its line there. */
  origin: string;
  line: number;
  instrument_type: InstrumentType | null;
  category: string | null;
  manufacturer: string | null;
  warnings: string[];
  /** Packages that the code may import by names in strings, which no import statement tells. */
  packages?: string[];
}

/**
 * The reason why something is not imported. `clash`, `taken` and `lost` are classes that should have become
 * definitions; `helper` classes are part of other definitions; `unasked` ones are excluded by the options;
 * `same` ones are imported from elsewhere. Files are `unreadable` or contain `nothing` to import.
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
  /** A free name, if the requested one is taken. */
  free_name?: string;
  line?: number;
  column?: number;
}

export interface Extraction {
  /** The possible names of `definitions`, so that callers can check them in advance. */
  names: string[];
  /** In the order of their places. Each is created on demand, so that at most one is in memory. */
  definitions: Iterable<Extracted>;
  /** In the order of paths; complete once all definitions have been consumed. */
  skipped(): Skipped[];
  /** The options that matched no class, as written. */
  unmet: string[];
}
