/** The clock of a process that a test starts. */
import { openSync, writeSync } from 'node:fs';
import { shiftText } from './shifted-clock.ts';

export interface JumpingClock {
  /** The environment with which the process must be started. */
  settings: Record<string, string>;
  /** Sets the clock to the true time plus this many hours. */
  set(hours: number): void;
}

/** `file` is the path of a file that does not exist yet. */
export function jumpingClock(file: string): JumpingClock {
  const written = openSync(file, 'w');
  // One write of always as many bytes: no reader sees half a number.
  const set = (hours: number) => void writeSync(written, shiftText(hours * 3_600_000), 0, 'latin1');
  set(0);
  const module = new URL('./shifted-clock.ts', import.meta.url);
  module.searchParams.set('file', file);
  return { settings: { NODE_OPTIONS: `--import ${module.href}` }, set };
}
