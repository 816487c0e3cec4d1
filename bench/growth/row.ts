import type { Figure, Measure } from '../pairs.ts';
import type { Grown } from './grown.ts';

/** A row of the table of growth. */
export interface Row {
  what: string;
  rounds: number;
  /** Prepares a measurement of one registry. */
  prepare: (grown: Grown) => Promise<Measure>;
  unit?: Figure['unit'];
  of?: number;
  /** The most definitions with which the row is measured, because it takes too long with more. */
  most?: number;
}
