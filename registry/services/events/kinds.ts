/**
 * Maps audit entries to events. Events are sent after their change is committed, in the order of the commits. An event
 * has the id of its entry, so it can be sent again. Pure.
 */
import type { EventKind } from '../../schemas/events.ts';

/** The values in the `after` of an audit entry. */
type After = Record<string, unknown>;

interface Telling {
  kind: EventKind;
  /** The event's fields other than subject, lab, actor and time. */
  more: (after: After) => object;
}

const judged = (kind: EventKind, verdict?: string): Telling => ({
  kind,
  more: (after) => ({
    version: after.version,
    reason: brief((verdict ? (after[verdict] as After | null)?.reason : after.reason) ?? ''),
  }),
});
/** An event whose field `change` says what happened. */
const changes = (kind: EventKind, change: string): Telling => ({ kind, more: () => ({ change }) });
const updated = (change: string): Telling => changes('merge_request.updated', change);
/** The events for changes of instruments, computers or bindings. */
const equipment = (type: 'instrument' | 'computer' | 'binding', ...all: string[]) =>
  Object.fromEntries(
    all.map((change) => [`${type}.${change}`, changes(`${type}.changed`, change)]),
  );

/** The event for each audit action. Entries with other actions are not sent. */
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

/** The most characters of a text that an event contains. Readers can fetch the whole text over the API. */
const LONGEST = 200;

/** The first line of a text, cut to the longest length. */
function brief(text: unknown): string {
  const [line = ''] = String(text).split('\n', 1);
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

/**
 * Formats an event as "Server-sent events" of the HTML standard define it. Without `kind` and `data`, the frame only
 * updates the last id that the reader remembers.
 */
export function frame(id: number, kind?: EventKind, data?: object): Buffer {
  const fields = kind === undefined ? ': \n' : `event: ${kind}\ndata: ${JSON.stringify(data)}\n`;
  return Buffer.from(`id: ${id}\n${fields}\n`);
}
