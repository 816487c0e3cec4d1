/** The permissions that a definition needs or asks for beyond the import policy of its lab, with checkboxes to grant them. */
import { html, type TemplateResult } from 'lit';
import type { MergeRequestPage } from '../../../registry/schemas/review.ts';
import { icon } from '../icon.ts';
import '@awesome.me/webawesome/dist/components/checkbox/checkbox.js';

type Permission = MergeRequestPage['permissions'][number];

/**
 * The list of permissions. `change` is called when the user checks or clears a permission. Without `change`, the user
 * may not grant permissions. An approval grants the checked permissions.
 */
export function permissionList(
  permissions: readonly Permission[],
  checked: ReadonlySet<string>,
  change: ((name: string, granted: boolean) => void) | undefined,
): TemplateResult {
  return html`<p>This definition ${permissions.some(({ asked }) => asked) ? 'asks for' : 'needs'} modules or functions that the lab bans:</p>
    <ul class="list">
      ${permissions.map(
        (one) => html`<li>
          ${change ? box(one, checked.has(one.name), change) : html`<p class="row">${icon(one.granted ? 'check' : 'alert')} <code>${one.name}</code> <span>${stateOf(one)}</span></p>`}
          <p class="small quiet">${placesOf(one)}</p>
        </li>`,
      )}
    </ul>
    ${change ? html`<p class="small quiet"><b>Approve</b> grants the selected permissions, to this definition only.</p>` : html``}`;
}

function box(
  { name }: Permission,
  isChecked: boolean,
  change: (name: string, granted: boolean) => void,
): TemplateResult {
  return html`<wa-checkbox
    ?checked=${isChecked}
    @change=${(event: Event) => change(name, (event.target as HTMLInputElement).checked)}
    >Allow ${name}</wa-checkbox
  >`;
}

function stateOf({ granted, granted_by }: Permission): string {
  if (!granted) return 'not granted';
  return granted_by === null ? 'granted earlier' : `granted by ${granted_by}`;
}

function placesOf({ asked, places }: Permission): string {
  const used = places.map(({ file, line }) => `${file}:${line}`).join(', ');
  return [asked ? 'requested in the header' : '', used && `used at ${used}`]
    .filter(Boolean)
    .join('; ');
}
