/**
 * Maps audit entries to events. Each event is sent once its change is committed, in the order of commits, and
 * can be sent again; its id is the id of the entry. Pure.
 */
import type { EventKind } from '../../schemas/events.ts';

/** The fields of an entry's `after` that events use. */
type After = Record<string, unknown>;

interface Telling {
  kind: EventKind;
  /** The fields of the event besides subject, lab, actor and time. */
  more: (after: After) => object;
}

const judged = (kind: EventKind, verdict?: string): Telling => ({
  kind,
  more: (after) => ({
    version: after.version,
    reason: brief((verdict ? (after[verdict] as After | null)?.reason : after.reason) ?? ''),
  }),
});
/** An event with a `change` that says what happened. */
const changes = (kind: EventKind, change: string): Telling => ({ kind, more: () => ({ change }) });
const updated = (change: string): Telling => changes('merge_request.updated', change);
/** Instruments, computers and bindings have the same kinds of changes. */
const equipment = (type: 'instrument' | 'computer' | 'binding', ...all: string[]) =>
  Object.fromEntries(
    all.map((change) => [`${type}.${change}`, changes(`${type}.changed`, change)]),
  );

/** By the action of the entry; other actions are not sent as events. */
export const TOLD: Readonly<Record<string, Telling>> = {
  'definition.landed': {
    kind: 'definition.landed',
    more: ({ version, commit, summary }) => ({ version, commit, summary: brief(summary) }),
  },
  'definition.archived': changes('definition.changed', 'archived'),
  'definition.restored': changes('definition.changed', 'restored'),
  'definition.moved': changes('definition.changed', 'moved'),
  'definition.mended': changes('definition.changed', 'mended'),
  'definition.overridden': {
    kind: 'policy.overridden',
    more: ({ reason, set_aside }) => ({ reason: brief(reason), set_aside }),
  },
  'version.deprecated': judged('version.deprecated', 'deprecated'),
  'version.revoked': judged('version.revoked', 'revoked'),
  'version.reinstated': judged('version.reinstated'),
  'merge_request.opened': changes('merge_request.opened', 'opened'),
  'merge_request.updated': updated('head'),
  'merge_request.edited': updated('edited'),
  'merge_request.reviewed': updated('reviewed'),
  'merge_request.commented': updated('commented'),
  'merge_request.checked': updated('checked'),
  'merge_request.reopened': updated('reopened'),
  'merge_request.merged': changes('merge_request.merged', 'merged'),
  'merge_request.closed': changes('merge_request.closed', 'closed'),
  ...equipment('binding', 'created', 'changed', 'deleted'),
  ...equipment('instrument', 'created', 'changed', 'deleted'),
  ...equipment('computer', 'created', 'enrolled', 'changed', 'deleted'),
};

/** The longest text in an event, in characters; readers fetch the rest. */
const LONGEST = 200;

/** The first line, cut to a length. */
function brief(text: unknown): string {
  const [line = ''] = String(text).split('\n', 1);
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

/**
 * The wire format of the HTML standard's "Server-sent events"; without `data` it only updates the reader's
 * last id.
 */
export function frame(id: number, kind?: EventKind, data?: object): Buffer {
  const fields = kind === undefined ? ': \n' : `event: ${kind}\ndata: ${JSON.stringify(data)}\n`;
  return Buffer.from(`id: ${id}\n${fields}\n`);
}
