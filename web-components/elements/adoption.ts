/** Numbers of computers by version and day, as areas upon each other. Pure. */

export interface Day {
  /** `2027-01-31`. */
  date: string;
  /** Number of computers by version. */
  installed: Readonly<Record<string, number>>;
}

/** How many versions get a colour of their own; what is older is one area. */
export const SHOWN = 5;

export interface Layer {
  label: string;
  /** On each day. */
  counts: readonly number[];
  /** How many are below it, on each day. */
  below: readonly number[];
}

/** The oldest at the bottom, so that what is new grows on top of what is old. */
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

/** The outline of a layer in a box of `days.length` by 1, a step a day, `most` computers high. */
export function outline({ counts, below }: Layer, most: number): string {
  const height = (count: number) => (1 - count / Math.max(1, most)).toFixed(4);
  const top = counts.map((count, day) => {
    const y = height((below[day] ?? 0) + count);
    return `${day},${y} ${day + 1},${y}`;
  });
  const bottom = below.map((count, day) => `${day + 1},${height(count)} ${day},${height(count)}`);
  return [...top, ...bottom.reverse()].join(' ');
}

/** The days on which something was another than the day before, the first and the last. */
export function turns(days: readonly Day[]): Day[] {
  return days.filter((day, index) => {
    const before = days[index - 1];
    if (!before || index === days.length - 1) return true;
    return JSON.stringify(before.installed) !== JSON.stringify(day.installed);
  });
}
