/** What computers say of themselves. Telemetry: no part of the audit trail. */
import { visibleIn } from '../../../text/hidden.ts';
import { decide, type Rules } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import type { SyncReport } from '../../schemas/sync.ts';
import { batchLookups } from '../../store/batch-lookups.ts';
import type { Store } from '../../store/open.ts';
import {
  definitionsByName,
  type NamedVersion,
  type ReportFields,
  saveInstalled,
  saveReports,
} from '../../store/reports.ts';
import { everything } from '../../store/visibility.ts';
import { authorize, type Caller } from '../caller.ts';
import { factsOf } from '../definitions/find-definition.ts';
import type { PeopleDeps } from '../deps.ts';

/** What one computer says, and who that is. */
interface Report extends ReportFields {
  actor: Extract<Caller['actor'], { kind: 'computer' }>;
  rules: Rules;
}

/** How many reports share a transaction; each may be a megabyte. */
const MOST_TOGETHER = 50;

/** Keeps the report, and when what was installed changed. Names that the registry does not know are kept as they came. */
export async function saveReport(
  { store, rules }: PeopleDeps,
  { actor, ...caller }: Caller,
  stated: SyncReport,
): Promise<void> {
  authorize({ actor, ...caller }, { on: 'own-sync', do: 'use' }, rules, 'computer');
  if (actor.kind !== 'computer') throw new Error('decided above');
  // Nobody is there to be asked about what an instrument or a traceback says.
  const { installed, loaded = {}, errors = [] } = visibleIn(stated);
  const report = { actor, rules, installed, loaded, errors };
  const outcome = await saveInBatch(store, report);
  if (outcome !== 'kept') throw outcome;
}

const saveInBatch = batchLookups(saveAll, MOST_TOGETHER);

/** In one transaction; where that fails each by itself, so that nobody suffers from what another says. */
async function saveAll(store: Store, all: readonly Report[]): Promise<Map<Report, 'kept' | Error>> {
  try {
    return await store.transaction(async (em) => {
      // Of several from one computer the last one counts.
      const latest = new Map(all.map((report) => [report.actor.id, report]));
      const before = await saveReports(em, latest);
      const changed = [...before].flatMap(([id, was]) => {
        const report = latest.get(id);
        return report && !sameVersions(was?.installed, report.installed) ? [report] : [];
      });
      const names = new Set(changed.flatMap(({ installed }) => Object.keys(installed)));
      const known = await definitionsByName(em, everything, [...names]);
      await saveInstalled(
        em,
        new Map(changed.map((report) => [report.actor.id, knownOf(report, known)])),
      );
      return new Map(
        all.map((report) => [report, before.has(report.actor.id) ? 'kept' : computerRemoved()]),
      );
    });
  } catch (error) {
    if (all.length > 1) {
      const each = await Promise.all(all.map((report) => saveAll(store, [report])));
      return new Map(each.flatMap((one) => [...one]));
    }
    return new Map(all.map((report) => [report, error as Error]));
  }
}

/** The versions installed of definitions that the computer sees, by their ids. */
function knownOf({ actor, rules, installed }: Report, all: readonly NamedVersion[]) {
  const versions = all.flatMap((definition): [number, number][] => {
    const { id, name, version } = definition;
    const report = Object.hasOwn(installed, name) ? installed[name] : undefined;
    if (report === undefined || report > (version ?? 0)) return [];
    const read = { on: 'definition', do: 'read', of: factsOf(definition, null) } as const;
    return decide(actor, read, rules).allowed ? [[id, report]] : [];
  });
  return new Map(versions);
}

const computerRemoved = (): Problem =>
  new Problem('unauthenticated', 'This computer was removed. Enrol it again.');

function sameVersions(a: Record<string, number> | undefined, b: Record<string, number>): boolean {
  if (a === undefined) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
