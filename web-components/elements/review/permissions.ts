/** What a definition needs or asks for beyond its lab's import policy, and the boxes that grant it. */
import { html, type TemplateResult } from 'lit';
import type { MergeRequestPage } from '../../../registry/schemas/review.ts';
import { icon } from '../icon.ts';
import '@awesome.me/webawesome/dist/components/checkbox/checkbox.js';

type Permission = MergeRequestPage['permissions'][number];

/** `change` is given where this person may grant; the boxes are sent with Approve. */
export function permissionList(
  permissions: readonly Permission[],
  checked: ReadonlySet<string>,
  change: ((name: string, granted: boolean) => void) | undefined,
): TemplateResult {
  return html`<p>This definition ${permissions.some(({ asked }) => asked) ? 'asks for' : 'needs'} what the lab bans:</p>
    <ul class="list">
      ${permissions.map(
        (one) => html`<li>
          ${change ? box(one, checked.has(one.name), change) : html`<p class="row">${icon(one.granted ? 'check' : 'alert')} <code>${one.name}</code> <span>${stateOf(one)}</span></p>`}
          <p class="small quiet">${placesOf(one)}</p>
        </li>`,
      )}
    </ul>
    ${change ? html`<p class="small quiet">What is ticked is granted with <b>Approve</b>, to this definition alone.</p>` : html``}`;
}

function box(
  { name }: Permission,
  isChecked: boolean,
  change: (name: string, granted: boolean) => void,
): TemplateResult {
  return html`<wa-checkbox
    ?checked=${isChecked}
    @change=${(event: Event) => change(name, (event.target as HTMLInputElement).checked)}
    >Let it use ${name}</wa-checkbox
  >`;
}

function stateOf({ granted, granted_by }: Permission): string {
  if (!granted) return 'not granted';
  return granted_by === null ? 'granted before' : `granted by ${granted_by}`;
}

function placesOf({ asked, places }: Permission): string {
  const used = places.map(({ file, line }) => `${file}:${line}`).join(', ');
  return [asked ? 'asked for in the header' : '', used && `used at ${used}`]
    .filter(Boolean)
    .join('; ');
}
