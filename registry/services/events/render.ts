/** Turns audit entries into events, each with the right that a reader needs to see it. */
import type { Action } from '../../access/decide.ts';
import type { AuditNews } from '../../store/audit.ts';
import type { EntityManager } from '../../store/types.ts';
import { frame, TOLD } from './kinds.ts';
import { readSubjects } from './subjects.ts';

export interface RenderedEvent {
  id: number;
  /** The bytes of the event. All readers who may see the event get the same bytes. */
  frame: Buffer;
  /** The action that a reader must be allowed to do to see the event. */
  needs: Action;
}

/** Turns the entries into events. An event shows its subject as it is now. */
export async function renderEvents(
  em: EntityManager,
  entries: AuditNews[],
): Promise<RenderedEvent[]> {
  const shown = entries.filter(({ action }) => action in TOLD);
  const subjectOf = await readSubjects(em, shown);
  return shown.flatMap((entry) => {
    const subject = subjectOf(entry);
    const telling = TOLD[entry.action];
    if (!subject || !telling) return [];
    const { needs, data } = subject;
    const more = telling.more((entry.after ?? {}) as Record<string, unknown>);
    const done = { by: entry.actor, at: entry.at.toISOString() };
    return [
      { id: entry.id, frame: frame(entry.id, telling.kind, { ...data, ...more, ...done }), needs },
    ];
  });
}
