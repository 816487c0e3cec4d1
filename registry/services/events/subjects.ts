/**
 * Loads the subjects of audit entries (such as definitions) as they are now. Each subject has the right that a reader
 * needs, and the data for the event.
 */
import type { Action } from '../../access/decide.ts';
import type { AuditNews } from '../../store/audit.ts';
import { computersNamed } from '../../store/computers.ts';
import { type DefinitionSummary, definitionsById, everything } from '../../store/definitions.ts';
import type { Computer, Instrument, MergeRequest } from '../../store/entities/index.ts';
import { instrumentsById } from '../../store/instruments.ts';
import { mergeRequestsById } from '../../store/merge-requests.ts';
import type { EntityManager } from '../../store/types.ts';
import { factsOf } from '../definitions/find-definition.ts';

export interface Subject {
  /** The action that a reader must be allowed to do to see the event. */
  needs: Action;
  data: object;
}

/**
 * Returns a function that gives the subject of an entry. The function returns undefined for deleted definitions and
 * merge requests, which nobody may see. For deleted instruments, computers and bindings, the data comes from the entry.
 * There is one query for each kind of subject.
 */
export async function readSubjects(
  em: EntityManager,
  entries: AuditNews[],
): Promise<(entry: AuditNews) => Subject | undefined> {
  const ids = (type: string) =>
    entries.flatMap(({ subject_type, subject_id }) =>
      subject_type === type && subject_id !== null ? [subject_id] : [],
    );
  const places = entries.flatMap((entry) => placeOf(entry)?.computer_name ?? []);
  const definitions = await definitionsById(em, ids('definition'), everything);
  const proposals = await mergeRequestsById(em, ids('merge_request'));
  const instruments = await instrumentsById(em, ids('instrument'));
  const computers = await computersNamed(em, places);
  return (entry) => {
    const id = entry.subject_id ?? 0;
    switch (entry.subject_type) {
      case 'definition':
        return ofDefinition(definitions.get(id));
      case 'merge_request':
        return ofMergeRequest(proposals.get(id));
      case 'instrument':
        return ofInstrument(entry, instruments.get(id));
      case 'computer':
        return ofComputer(entry);
      case 'binding':
        return ofBinding(entry, computers);
      default:
        return undefined;
    }
  };
}

function ofDefinition(row: DefinitionSummary | undefined): Subject | undefined {
  if (!row) return undefined;
  return {
    needs: { on: 'definition', do: 'read', of: factsOf(row, null) },
    data: { definition: { id: row.id, name: row.name }, lab_id: row.lab_id },
  };
}

function ofMergeRequest(row: MergeRequest | undefined): Subject | undefined {
  if (!row) return undefined;
  const { id, title, state, draft, head, merged_version, lab_id } = row;
  return {
    // Somebody who sees only open merge requests is told when one is closed.
    needs: { on: 'merge-request', do: 'read', labId: lab_id, isOpen: true },
    data: {
      merge_request: { id, title, state, draft, head, merged_version },
      definition: { id: row.definition_id, name: row.definition },
      lab_id,
    },
  };
}

function ofInstrument(entry: AuditNews, row: Instrument | undefined): Subject | undefined {
  const labId = row?.lab_id ?? entry.lab_id;
  if (labId === null) return undefined;
  const { definition_id = null, pinned_version = null } = row ?? {};
  const instrument = { id: entry.subject_id, name: entry.subject, definition_id, pinned_version };
  return { needs: { on: 'instrument', do: 'read', labId }, data: { instrument, lab_id: labId } };
}

function ofComputer({ subject_id: id, subject, lab_id: labId }: AuditNews): Subject | undefined {
  if (labId === null || id === null) return undefined;
  return {
    needs: { on: 'computer', do: 'read', labId, id },
    data: { computer: { id, computer_name: subject }, lab_id: labId },
  };
}

/** The binding that an entry describes: as it was before its deletion if it was deleted, otherwise after the change. */
function placeOf({ subject_type, before, after }: AuditNews) {
  if (subject_type !== 'binding') return undefined;
  return (after ?? before) as { instrument_id: number; computer_name: string } | null;
}

function ofBinding(entry: AuditNews, computers: Map<string, Computer>): Subject | undefined {
  const place = placeOf(entry);
  const computer = computers.get(place?.computer_name ?? '');
  if (!place || !computer) return undefined;
  const { instrument_id, computer_name } = place;
  const { id, lab_id: labId } = computer;
  return {
    needs: { on: 'computer', do: 'read', labId, id },
    data: { binding: { id: entry.subject_id, instrument_id, computer_name }, lab_id: labId },
  };
}
