/** Pure: the number of computers by version and day → the layers of a stacked area chart. */

export interface Day {
  /** The date, such as `2027-01-31`. */
  date: string;
  /** How many computers have each version. */
  installed: Readonly<Record<string, number>>;
}

/** How many versions get a colour of their own. Older versions share one area. */
export const SHOWN = 5;

export interface Layer {
  label: string;
  /** The number of computers on each day. */
  counts: readonly number[];
  /** The sum of all layers below this one, on each day. */
  below: readonly number[];
}

/** The layers from bottom to top, oldest version first. */
export function layersOf(days: readonly Day[]): Layer[] {
  const known = new Set(days.flatMap(({ installed }) => Object.keys(installed).map(Number)));
  const versions = [...known].sort((a, b) => a - b);
  const old = versions.slice(0, Math.max(0, versions.length - SHOWN));
  const groups = [
    ...(old.length > 0 ? [{ label: 'older', versions: old }] : []),
    ...versions.slice(old.length).map((one) => ({ label: `version ${one}`, versions: [one] })),
  ];
  let below: readonly number[] = days.map(() => 0);
  return groups.map(({ label, versions }) => {
    const counts = days.map(({ installed }) =>
      versions.reduce((sum, version) => sum + (installed[version] ?? 0), 0),
    );
    const layer = { label, counts, below };
    below = below.map((count, index) => count + (counts[index] ?? 0));
    return layer;
  });
}

export const totalOf = ({ installed }: Day): number =>
  Object.values(installed).reduce((sum, count) => sum + count, 0);

/**
 * The SVG points of a layer. The box is `days.length` wide and 1 high: a day is one step wide, and `most` computers
 * fill the height.
 */
export function outline({ counts, below }: Layer, most: number): string {
  const height = (count: number) => (1 - count / Math.max(1, most)).toFixed(4);
  const top = counts.map((count, day) => {
    const y = height((below[day] ?? 0) + count);
    return `${day},${y} ${day + 1},${y}`;
  });
  const bottom = below.map((count, day) => `${day + 1},${height(count)} ${day},${height(count)}`);
  return [...top, ...bottom.reverse()].join(' ');
}

/** The first day, the last day and all days that differ from the day before. */
export function changedDays(days: readonly Day[]): Day[] {
  return days.filter((day, index) => {
    const before = days[index - 1];
    if (!before || index === days.length - 1) return true;
    return JSON.stringify(before.installed) !== JSON.stringify(day.installed);
  });
}
