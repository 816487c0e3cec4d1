/** What computers say of themselves. Telemetry: no part of the audit trail. */
import { visibleIn } from '../../../text/hidden.ts';
import { decide, type Rules } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import type { SyncReport } from '../../schemas/sync.ts';
import type { Store } from '../../store/open.ts';
import {
  definitionsCalled,
  keepInstalled,
  keepReports,
  type NamedVersion,
  type ReportFields,
} from '../../store/reports.ts';
import { together } from '../../store/together.ts';
import { everything } from '../../store/visibility.ts';
import { type Caller, demand } from '../caller.ts';
import { factsOf } from '../definitions/find-definition.ts';
import type { PeopleDeps } from '../deps.ts';

/** What one computer says, and who that is. */
interface Told extends ReportFields {
  actor: Extract<Caller['actor'], { kind: 'computer' }>;
  rules: Rules;
}

/** How many reports share a transaction; each may be a megabyte. */
const MOST_TOGETHER = 50;

/** Keeps the report, and when what was installed changed. Names that the registry does not know are kept as they came. */
export async function takeReport(
  { store, rules }: PeopleDeps,
  { actor, ...caller }: Caller,
  report: SyncReport,
): Promise<void> {
  demand({ actor, ...caller }, { on: 'own-sync', do: 'use' }, rules, 'computer');
  if (actor.kind !== 'computer') throw new Error('decided above');
  // Nobody is there to be asked about what an instrument or a traceback says.
  const { installed, loaded = {}, errors = [] } = visibleIn(report);
  const told = { actor, rules, installed, loaded, errors };
  const outcome = await take(store, told);
  if (outcome !== 'kept') throw outcome;
}

const take = together(takeAll, MOST_TOGETHER);

/** In one transaction; where that fails each by itself, so that nobody suffers from what another says. */
async function takeAll(store: Store, all: readonly Told[]): Promise<Map<Told, 'kept' | Error>> {
  try {
    return await store.transaction(async (em) => {
      // Of several from one computer the last one counts.
      const latest = new Map(all.map((told) => [told.actor.id, told]));
      const before = await keepReports(em, latest);
      const changed = [...before].flatMap(([id, was]) => {
        const told = latest.get(id);
        return told && !sameVersions(was?.installed, told.installed) ? [told] : [];
      });
      const names = new Set(changed.flatMap(({ installed }) => Object.keys(installed)));
      const known = await definitionsCalled(em, everything, [...names]);
      await keepInstalled(
        em,
        new Map(changed.map((told) => [told.actor.id, knownOf(told, known)])),
      );
      return new Map(all.map((told) => [told, before.has(told.actor.id) ? 'kept' : gone()]));
    });
  } catch (error) {
    if (all.length > 1) {
      const each = await Promise.all(all.map((told) => takeAll(store, [told])));
      return new Map(each.flatMap((one) => [...one]));
    }
    return new Map(all.map((told) => [told, error as Error]));
  }
}

/** The versions installed of definitions that the computer sees, by their ids. */
function knownOf({ actor, rules, installed }: Told, all: readonly NamedVersion[]) {
  const versions = all.flatMap((definition): [number, number][] => {
    const { id, name, version } = definition;
    const told = Object.hasOwn(installed, name) ? installed[name] : undefined;
    if (told === undefined || told > (version ?? 0)) return [];
    const read = { on: 'definition', do: 'read', of: factsOf(definition, null) } as const;
    return decide(actor, read, rules).allowed ? [[id, told]] : [];
  });
  return new Map(versions);
}

const gone = (): Problem =>
  new Problem('unauthenticated', 'This computer was removed. Enrol it again.');

function sameVersions(a: Record<string, number> | undefined, b: Record<string, number>): boolean {
  if (a === undefined) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
