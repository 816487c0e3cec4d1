import '@awesome.me/webawesome/dist/components/button/button.js';
import { createTwoFilesPatch } from 'diff';
import { css, html, LitElement, nothing } from 'lit';
import { shared } from '../../styles/shared.ts';
import '../diff/diff.ts';

type Files = Readonly<Record<string, string>>;

export type Decision = 'merge' | 'own' | 'theirs';

export class DecisionEvent extends Event {
  readonly decision: Decision;
  constructor(decision: Decision) {
    super('decided');
    this.decision = decision;
  }
}

/**
 * Another version landed while the user was editing. Shows the user's changes and those of the landed version, and asks
 * which to keep.
 *
 * @fires {DecisionEvent} decided - The user's decision.
 */
export class RegistryLostUpdate extends LitElement {
  static override properties = {
    base: { attribute: false },
    own: { attribute: false },
    theirs: { attribute: false },
    version: { type: Number },
    conflicts: { attribute: false },
  };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--wa-space-m);
      }
    `,
  ];

  declare base: Files;
  declare own: Files;
  declare theirs: Files;
  /** The version that landed while the user was editing. */
  declare version: number;
  /** Files that the user and the landed version changed in the same place, with the lines. */
  declare conflicts: readonly { path: string; lines: readonly number[] }[];

  override render() {
    const merges = this.conflicts.length === 0;
    return html`<h2 tabindex="-1">Version ${this.version} landed while you were editing</h2>
      <p>
        ${
          merges
            ? 'Your changes and the changes in the new version are in different places. You can keep both.'
            : 'You and the new version changed the same lines. Choose which text to keep. Your text is safe until you choose.'
        }
      </p>
      ${
        merges
          ? nothing
          : html`<ul>
              ${this.conflicts.map(({ path, lines }) => html`<li><code>${path}</code>${lines[0] ? `, line ${lines.join(', ')}` : ''}</li>`)}
            </ul>`
      }
      <div class="row">
        ${merges ? this.#button('merge', 'Keep both changes', 'brand') : nothing}
        ${this.#button('own', 'Keep my changes, undo theirs', 'neutral')}
        ${this.#button('theirs', 'Discard my changes, continue with theirs', 'neutral')}
      </div>
      <section>
        <registry-diff .diff=${patch(this.base, this.theirs)}><h3>Their changes</h3></registry-diff>
      </section>
      <section>
        <registry-diff .diff=${patch(this.base, this.own)}><h3>Your changes</h3></registry-diff>
      </section>`;
  }

  #button(decision: Decision, label: string, variant: 'brand' | 'neutral') {
    return html`<wa-button
      variant=${variant}
      appearance=${variant === 'brand' ? 'accent' : 'outlined'}
      @click=${() => this.dispatchEvent(new DecisionEvent(decision))}
      >${label}</wa-button
    >`;
  }
}

/** A unified diff of all changed files, in git's format. */
function patch(from: Files, to: Files): string {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((path) => from[path] !== to[path])
    .map((path) => {
      const [old, now] = [from[path], to[path]];
      const header = `diff --git a/${path} b/${path}\n`;
      return (
        header +
        createTwoFilesPatch(
          old === undefined ? '/dev/null' : `a/${path}`,
          now === undefined ? '/dev/null' : `b/${path}`,
          old ?? '',
          now ?? '',
        ).replace(/^=+\n/, '')
      );
    })
    .join('');
}

customElements.define('registry-lost-update', RegistryLostUpdate);

declare global {
  interface HTMLElementTagNameMap {
    'registry-lost-update': RegistryLostUpdate;
  }
}
