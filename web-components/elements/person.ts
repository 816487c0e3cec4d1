import { css, html, LitElement } from 'lit';
import { shared } from '../styles/shared.ts';
import { revealHidden } from './reveal-hidden.ts';

/** A person: coloured initials and the name. */
export class RegistryPerson extends LitElement {
  static override properties = { name: {}, username: {} };
  static override styles = [
    shared,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: var(--wa-space-2xs);
        min-inline-size: 0;
      }
      .mark {
        display: grid;
        place-items: center;
        flex: none;
        inline-size: 1.6em;
        block-size: 1.6em;
        border-radius: var(--wa-border-radius-circle);
        font-size: 0.75em;
        font-weight: var(--wa-font-weight-bold);
      }
      .name {
        overflow-wrap: anywhere;
      }
      .tint-0 { background: var(--wa-color-cyan-90); color: var(--wa-color-cyan-20); }
      .tint-1 { background: var(--wa-color-green-90); color: var(--wa-color-green-20); }
      .tint-2 { background: var(--wa-color-purple-90); color: var(--wa-color-purple-20); }
      .tint-3 { background: var(--wa-color-orange-90); color: var(--wa-color-orange-20); }
      .tint-4 { background: var(--wa-color-pink-90); color: var(--wa-color-pink-20); }
    `,
  ];

  /** The display name; the username by default. */
  declare name: string | undefined;
  declare username: string | undefined;

  override render() {
    const name = this.name || this.username || 'somebody';
    return html`<span class="mark tint-${tint(this.username ?? name)}" aria-hidden="true">${initials(name)}</span>
      <span class="name" title=${this.username ?? name}>${revealHidden(name)}</span>`;
  }
}

const TINTS = 5;

/** The number of the person's colour. A person has the same colour on every page. */
function tint(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % TINTS;
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [...(words[0] ?? '')][0] ?? '';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toUpperCase();
}

customElements.define('registry-person', RegistryPerson);

declare global {
  interface HTMLElementTagNameMap {
    'registry-person': RegistryPerson;
  }
}
