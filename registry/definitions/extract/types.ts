/** What goes into an extraction and what comes out. */
import type { InstrumentType } from '../types.ts';
import type { Choice } from './choice.ts';

export interface SourceFile {
  path: string;
  /** Null for a file larger than a definition may hold. Asked for again rather than kept: it may be read each time. */
  readonly bytes: Uint8Array | null;
  /** In bytes, where it is known without them. */
  size?: number;
}

/** First all files are read, then what each class needs of them is found. */
export type ReadingStep = 'files' | 'classes';

export type OnReading = (step: ReadingStep, done: number, total: number) => void;

export interface ExtractOptions {
  /** Further base classes by name (`--base Instrument=measurement`). */
  bases?: ReadonlyMap<string, InstrumentType>;
  /** Names of the folder and of those above it, outermost first: for imports and for the maker. */
  location?: string[];
  /** The folder's dotted name where it is part of an installed package (`pymeasure.instruments`). */
  packageName?: string;
  choice?: Choice;
  /** Largest file in bytes, for what is said of larger ones. */
  maxFileBytes?: number;
  onProgress?: OnReading;
}

export interface Extracted {
  name: string;
  /** The name of its class in the folder, where it got another one. */
  original?: string;
  files: Map<string, Uint8Array>;
  /** The files before the import wrote into the header, of a definition that lies as an export leaves it. */
  asFound?: Map<string, Uint8Array>;
  /** The file that the class was found in, and its line there. */
  origin: string;
  line: number;
  instrument_type: InstrumentType | null;
  category: string | null;
  manufacturer: string | null;
  warnings: string[];
}

/**
 * Why something is not imported: `clash`, `taken` and `lost` are classes that were meant to be; `helper` ones are carried or
 * belong to others, `unasked` was left out by the options, `same` is imported from elsewhere. Files are `unreadable` or
 * hold `nothing` to import.
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
  /** `unreadable` where nothing is said. */
  kind?: SkipKind;
  reason: string;
  /** Where its name is taken: one that is free. */
  free_name?: string;
  line?: number;
  column?: number;
}

export interface Extraction {
  /** The names of what `definitions` may give, to be asked about before. */
  names: string[];
  /** In the order of their places. Each is made when it is asked for, so that there is never more than one. */
  definitions: Iterable<Extracted>;
  /** In the order of paths; known when all definitions were taken. */
  skipped(): Skipped[];
  /** The options of the choice that met no class, as they are written. */
  unmet: string[];
}
