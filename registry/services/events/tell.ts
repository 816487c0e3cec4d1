/** From entries of the audit trail to events, with what decides about who sees them. */
import type { Action } from '../../access/decide.ts';
import type { AuditNews } from '../../store/audit.ts';
import { type DefinitionSummary, definitionsById, everything } from '../../store/definitions.ts';
import type { MergeRequest } from '../../store/entities/index.ts';
import { mergeRequestsById } from '../../store/merge-requests.ts';
import type { EntityManager } from '../../store/types.ts';
import { factsOf } from '../find-definition.ts';
import { frame, TOLD } from './kinds.ts';

export interface ToldEvent {
  id: number;
  /** Made once, sent to everybody who may see it. */
  frame: Buffer;
  /** What whoever is told must be allowed to do. */
  needs: Action;
}

/**
 * The events among these entries, with at most two queries. They are told to whoever may see what they are about as it
 * is now; what is gone is nobody's to see.
 */
export async function tell(em: EntityManager, entries: AuditNews[]): Promise<ToldEvent[]> {
  const told = entries.filter(({ action }) => action in TOLD);
  const ids = (type: string) =>
    told.flatMap(({ subject_type, subject_id }) =>
      subject_type === type && subject_id !== null ? [subject_id] : [],
    );
  const definitions = await definitionsById(em, ids('definition'), everything);
  const proposals = await mergeRequestsById(em, ids('merge_request'));
  return told.flatMap((entry) => {
    const { action, subject_type, subject_id } = entry;
    if (subject_id === null) return [];
    const about =
      subject_type === 'merge_request'
        ? ofMergeRequest(proposals.get(subject_id))
        : ofDefinition(definitions.get(subject_id));
    const telling = TOLD[action];
    if (!about || !telling) return [];
    const { needs, data } = about;
    const more = telling.more((entry.after ?? {}) as Record<string, unknown>);
    const done = { by: entry.actor, at: entry.at.toISOString() };
    return [
      { id: entry.id, frame: frame(entry.id, telling.kind, { ...data, ...more, ...done }), needs },
    ];
  });
}

interface About {
  needs: Action;
  data: object;
}

function ofDefinition(row: DefinitionSummary | undefined): About | undefined {
  if (!row) return undefined;
  return {
    needs: { on: 'definition', do: 'read', of: factsOf(row, null) },
    data: { definition: { id: row.id, name: row.name }, lab_id: row.lab_id },
  };
}

function ofMergeRequest(row: MergeRequest | undefined): About | undefined {
  if (!row) return undefined;
  const { id, title, state, draft, head, merged_version, lab_id } = row;
  return {
    needs: { on: 'merge-request', do: 'read', labId: lab_id },
    data: {
      merge_request: { id, title, state, draft, head, merged_version },
      definition: { id: row.definition_id, name: row.definition },
      lab_id,
    },
  };
}
