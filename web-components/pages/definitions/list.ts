/** The columns of the list of definitions. */

import { html, nothing, type TemplateResult } from 'lit';
import type { DefinitionItem } from '../../data/definitions.ts';
import { badge, statusBadge } from '../../elements/badge.ts';
import { revealHidden } from '../../elements/reveal-hidden.ts';
import '../../elements/table.ts';
import type { Column } from '../../elements/table.ts';
import { ago } from '../../elements/time.ts';

export function definitionColumns(labs: ReadonlyMap<number, string>): Column<DefinitionItem>[] {
  return [
    { label: 'Definition', sort: 'display_name', cell: title },
    {
      label: 'Manufacturer',
      sort: 'manufacturer',
      width: '7rem',
      cell: ({ manufacturer }) => manufacturer ?? '',
    },
    {
      label: 'Category',
      sort: 'category',
      width: '8rem',
      cell: ({ category }) => category ?? '',
    },
    {
      label: 'Lab',
      width: '6.5rem',
      cell: ({ is_builtin, lab_id }) => owner(is_builtin, lab_id, labs),
    },
    {
      label: 'Version',
      sort: 'version',
      align: 'end',
      width: '4.5rem',
      cell: ({ version }) => (version === null ? '–' : `v${version}`),
    },
    {
      label: 'Updated',
      sort: '-updated_at',
      width: '6.75rem',
      cell: ({ updated_at }) => ago(updated_at),
    },
  ];
}

export const definitionAddress = (name: string): string =>
  `/definitions/${encodeURIComponent(name)}`;

function title(definition: DefinitionItem): TemplateResult {
  const { name, display_name, description, is_archived } = definition;
  return html`<div class="row">
      <a class=${is_archived ? 'quiet' : nothing} href=${definitionAddress(name)}><strong>${revealHidden(display_name)}</strong></a>
      ${marks(definition)}
    </div>
    <div class="quiet small clip">
      <code>${name}</code>${description ? html` · ${firstLine(description)}` : nothing}
    </div>`;
}

/** Badges for what is unusual about a definition, such as being archived or revoked. */
function marks({ is_approved, is_archived, status, revoked, deprecated }: DefinitionItem) {
  return [
    is_archived ? badge('archived', 'neutral', 'archive') : nothing,
    is_approved ? nothing : badge('proposed', 'warning', 'mergeRequest'),
    status === 'operational' ? nothing : statusBadge(status),
    revoked ? badge('revoked', 'danger', 'circleSlash') : nothing,
    deprecated && !revoked ? badge('deprecated', 'warning', 'alert') : nothing,
  ];
}

function owner(isBuiltin: boolean, labId: number | null, labs: ReadonlyMap<number, string>) {
  if (isBuiltin) return 'Built-in';
  return labId === null ? '' : (labs.get(labId) ?? '');
}

const LONGEST = 120;

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
