/** What goes into an extraction and what comes out. */
import type { InstrumentType } from '../types.ts';

export interface SourceFile {
  path: string;
  /** Null for a file larger than a definition may hold. */
  bytes: Uint8Array | null;
}

export interface ExtractOptions {
  /** Further base classes by name (`--base Instrument=measurement`). */
  bases?: ReadonlyMap<string, InstrumentType>;
  /** Names of the folder and of those above it, outermost first: for imports and for the maker. */
  location?: string[];
  /** The folder's dotted name where it is part of an installed package (`pymeasure.instruments`). */
  packageName?: string;
}

export interface Extracted {
  name: string;
  files: Map<string, Uint8Array>;
  /** The file that the class was found in, and its line there. */
  origin: string;
  line: number;
  instrument_type: InstrumentType | null;
  category: string | null;
  manufacturer: string | null;
  warnings: string[];
}

export interface Skipped {
  path: string;
  class?: string;
  reason: string;
  line?: number;
  column?: number;
}

export interface Extraction {
  /** In the order of names. */
  definitions: Extracted[];
  /** In the order of paths. */
  skipped: Skipped[];
}
