/** Pure: the report and bindings of a computer → each version that it has, and why it has this version. */
import type { Binding } from '../../data/equipment.ts';
import type { FleetComputer } from '../../data/fleet.ts';

export interface Run {
  name: string;
  installed: number;
  /** The version that running programs have loaded, from the computer's last report. */
  loaded: number | undefined;
  /** The newest version that is not revoked, or null if every version is revoked. */
  newest: number | null;
  why: Reason;
}

export type Reason =
  | { kind: 'newest' }
  | { kind: 'revoked'; reason: string }
  /** The instruments in this list are pinned to the version that is in use. */
  | { kind: 'pinned'; instruments: readonly { id: number; name: string }[] }
  /** The computer has not fetched a newer version. */
  | { kind: 'not-fetched' }
  /** The newest version is installed, but running programs still use an older one. */
  | { kind: 'not-reloaded' };

/** The versions of a computer, sorted by the name of the definition. */
export function runsOf(
  { installed, loaded, lag }: Pick<FleetComputer, 'installed' | 'loaded' | 'lag'>,
  bindings: readonly Binding[],
): Run[] {
  return Object.entries(installed)
    .map(([name, version]): Run => {
      const behind = lag.find((one) => one.name === name);
      const run = {
        ...{ name, installed: version, loaded: loaded[name] },
        newest: behind ? behind.newest : version,
      };
      return { ...run, why: reasonOf(run, behind?.revoked ?? null, bindings) };
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

function reasonOf(
  { name, installed, loaded, newest }: Omit<Run, 'why'>,
  revoked: string | null,
  bindings: readonly Binding[],
): Reason {
  if (revoked !== null) return { kind: 'revoked', reason: revoked };
  const runs = loaded ?? installed;
  if (runs === newest) return { kind: 'newest' };
  const instruments = bindings
    .map(({ instrument }) => instrument)
    .filter((one) => one.definition?.name === name && one.pinned_version === runs);
  if (instruments.length > 0) return { kind: 'pinned', instruments };
  return { kind: installed === newest ? 'not-reloaded' : 'not-fetched' };
}
