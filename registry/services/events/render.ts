/** From entries of the audit trail to events, with what decides about who sees them. */
import type { Action } from '../../access/decide.ts';
import type { AuditNews } from '../../store/audit.ts';
import type { EntityManager } from '../../store/types.ts';
import { frame, TOLD } from './kinds.ts';
import { readSubjects } from './subjects.ts';

export interface RenderedEvent {
  id: number;
  /** Made once, sent to everybody who may see it. */
  frame: Buffer;
  /** What whoever is told must be allowed to do. */
  needs: Action;
}

/** The events among these entries: for whoever may see what they are about, as it is now. */
export async function renderEvents(
  em: EntityManager,
  entries: AuditNews[],
): Promise<RenderedEvent[]> {
  const told = entries.filter(({ action }) => action in TOLD);
  const subjectOf = await readSubjects(em, told);
  return told.flatMap((entry) => {
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
