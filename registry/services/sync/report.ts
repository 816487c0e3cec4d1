/** The reports of computers. They are telemetry and not part of the audit trail. */
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

/** The report of one computer, and that computer. */
interface Report extends ReportFields {
  actor: Extract<Caller['actor'], { kind: 'computer' }>;
  rules: Rules;
}

/** How many reports share a transaction. Each may be a megabyte. */
const MOST_TOGETHER = 50;

/**
 * Stores the report, and the time if what is installed has changed. Names that the registry does not know are stored as
 * sent.
 */
export async function saveReport(
  { store, rules }: PeopleDeps,
  { actor, ...caller }: Caller,
  stated: SyncReport,
): Promise<void> {
  authorize({ actor, ...caller }, { on: 'own-sync', do: 'use' }, rules, 'computer');
  if (actor.kind !== 'computer') throw new Error('decided above');
  // Hidden characters are spelled out instead of refused: the text comes from instruments and tracebacks, and nobody
  // could correct it.
  const { installed, loaded = {}, errors = [] } = visibleIn(stated);
  const report = { actor, rules, installed, loaded, errors };
  const outcome = await saveInBatch(store, report);
  if (outcome !== 'kept') throw outcome;
}

const saveInBatch = batchLookups(saveAll, MOST_TOGETHER);

/**
 * Stores the reports in one transaction. If that fails, stores each by itself, so that one faulty report does not
 * affect the others.
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

/** The installed versions of definitions that the computer can see, by their ids. */
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
