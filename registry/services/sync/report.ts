/** Stores the reports of lab computers. Reports are telemetry, so the audit trail does not contain them. */
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

/** The report of one computer, together with the computer itself. */
interface Report extends ReportFields {
  actor: Extract<Caller['actor'], { kind: 'computer' }>;
  rules: Rules;
}

/** The most reports that one transaction stores. A report can be as large as a megabyte. */
const MOST_TOGETHER = 50;

/**
 * Stores a report. If the installed versions have changed, the time of the change is stored too. Names of definitions
 * that the registry does not know are stored unchanged.
 */
export async function saveReport(
  { store, rules }: PeopleDeps,
  { actor, ...caller }: Caller,
  stated: SyncReport,
): Promise<void> {
  authorize({ actor, ...caller }, { on: 'own-sync', do: 'use' }, rules, 'computer');
  if (actor.kind !== 'computer') throw new Error('decided above');
  // Hidden characters are escaped and not refused. The text comes from instruments and tracebacks, so nobody can correct it.
  const { installed, loaded = {}, errors = [] } = visibleIn(stated);
  const report = { actor, rules, installed, loaded, errors };
  const outcome = await saveInBatch(store, report);
  if (outcome !== 'kept') throw outcome;
}

const saveInBatch = batchLookups(saveAll, MOST_TOGETHER);

/**
 * Stores the reports in one transaction. If the transaction fails, each report gets its own transaction, so that one
 * faulty report does not affect the others.
 */
async function saveAll(store: Store, all: readonly Report[]): Promise<Map<Report, 'kept' | Error>> {
  try {
    return await store.transaction(async (em) => {
      // If a computer sent several reports, the last one counts.
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

/** The installed versions by the ids of their definitions. Definitions that the computer may not see are left out. */
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
  new Problem('unauthenticated', 'This computer was removed. Enrol the computer again.');

function sameVersions(a: Record<string, number> | undefined, b: Record<string, number>): boolean {
  if (a === undefined) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
