/** What a computer says of itself. Telemetry: no part of the audit trail. */
import { viewerOf } from '../../access/decide.ts';
import type { SyncReport } from '../../schemas/sync.ts';
import { definitionsCalled, keepInstalled, keepReport } from '../../store/reports.ts';
import { type Caller, demand } from '../caller.ts';
import type { PeopleRooms } from '../definitions/note.ts';

/** Keeps the report, and when what was installed changed. Names that the registry does not know are kept as they came. */
export async function takeReport(
  { store, rules }: PeopleRooms,
  caller: Caller,
  { installed, loaded = {}, errors = [] }: SyncReport,
): Promise<void> {
  demand(caller, { on: 'own-sync', do: 'use' }, rules, 'computer');
  const { actor } = caller;
  if (actor.kind !== 'computer') throw new Error('decided above');
  await store.transaction(async (em) => {
    const report = { installed, loaded, errors: errors as never };
    const before = await keepReport(em, actor.id, report);
    if (before && sameVersions(before.installed, installed)) return;
    const names = Object.keys(installed);
    const known = await definitionsCalled(em, viewerOf(actor, rules), names);
    const versions = known.flatMap(({ id, name, version }): [number, number][] => {
      const told = installed[name];
      return told !== undefined && told <= (version ?? 0) ? [[id, told]] : [];
    });
    await keepInstalled(em, actor.id, new Map(versions));
  });
}

function sameVersions(a: Record<string, number>, b: Record<string, number>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
