/** Computes how many computers had each version on each day. Pure. */

export interface Turn {
  /** The date, for example `2026-01-31`. */
  day: string;
  version: number;
  change: number;
}

export interface Day {
  date: string;
  /** The number of computers that had each version at the end of the day. Versions without computers are left out. */
  installed: Record<string, number>;
}

/** The counts for the days from `first` to `last`. `turns` are all changes until `last`, oldest first. */
export function adoption(turns: readonly Turn[], first: string, last: string): Day[] {
  const counts = new Map<number, number>();
  const days: Day[] = [];
  let next = 0;
  for (let date = first; date <= last; date = dayAfter(date)) {
    for (let turn = turns[next]; turn && turn.day <= date; turn = turns[++next]) {
      counts.set(turn.version, (counts.get(turn.version) ?? 0) + turn.change);
    }
    const had = [...counts].filter(([, count]) => count > 0);
    days.push({ date, installed: Object.fromEntries(had) });
  }
  return days;
}

/** The date that is `days` days before `date`. A negative number gives a later date. */
export function dayBefore(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}

const dayAfter = (date: string): string => dayBefore(date, -1);
