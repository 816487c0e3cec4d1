/** Turns audit entries into events, with what decides who may see them. */
import type { Action } from '../../access/decide.ts';
import type { AuditNews } from '../../store/audit.ts';
import type { EntityManager } from '../../store/types.ts';
import { frame, TOLD } from './kinds.ts';
import { readSubjects } from './subjects.ts';

export interface RenderedEvent {
  id: number;
  /** Created once and sent to everybody who may see it. */
  frame: Buffer;
  /** What a reader must be allowed to do. */
  needs: Action;
}

/** The events for these entries, with the current state of their subjects. */
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
