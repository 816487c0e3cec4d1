/** What one check of `registry doctor` found. */
export interface Finding {
  /** The name of the check. Names are stable, so that programs can compare them. */
  check: string;
  result: 'ok' | 'warning' | 'problem';
  found: string;
  /** What to do; only with a warning or a problem. */
  advice?: string;
}

export const ok = (check: string, found: string): Finding => ({ check, result: 'ok', found });

export const warning = (check: string, found: string, advice: string): Finding => ({
  check,
  result: 'warning',
  found,
  advice,
});

export const problem = (check: string, found: string, advice: string): Finding => ({
  check,
  result: 'problem',
  found,
  advice,
});

/** `1 day`, `2 days`. */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A number of bytes in the unit that people read most easily. */
export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(count, 1)) / 10), units.length - 1);
  return `${Math.round((10 * count) / 1024 ** power) / 10} ${units[power]}`;
}

/** A duration in the largest unit that fits. */
export function duration(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 120) return counted(minutes, 'minute');
  if (minutes < 48 * 60) return counted(Math.round(minutes / 60), 'hour');
  return counted(Math.round(minutes / (24 * 60)), 'day');
}
