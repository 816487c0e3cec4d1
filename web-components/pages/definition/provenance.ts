import { Task } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import {
  type Definition,
  type Provenance,
  readProvenance,
  type VersionSummary,
} from '../../data/definitions.ts';
import { icon } from '../../elements/icon.ts';
import { revealHidden } from '../../elements/reveal-hidden.ts';
import '../../elements/copy.ts';
import { whenLoaded } from '../../elements/states.ts';
import { shared } from '../../styles/shared.ts';
import { approvers } from './approvals.ts';
import '@awesome.me/webawesome/dist/components/details/details.js';

/** The provenance of a version: its commit, the people who wrote, approved and landed it, and how to verify it. */
export class DefinitionProvenance extends LitElement {
  static override properties = { definition: { attribute: false } };
  static override styles = [
    shared,
    css`
      h2 {
        margin-block-end: var(--wa-space-xs);
        font-size: var(--wa-font-size-m);
      }
      .card,
      .steps {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--wa-space-s);
        padding: var(--wa-space-m);
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: var(--wa-space-2xs) var(--wa-space-m);
      }
      dt {
        color: var(--wa-color-text-quiet);
      }
      dd {
        overflow-wrap: anywhere;
      }
      .good {
        color: var(--wa-color-success-on-quiet);
      }
      .bad {
        color: var(--wa-color-danger-on-quiet);
      }
      .steps {
        gap: var(--wa-space-2xs);
        padding: 0;
      }
      wa-details::part(header),
      wa-details::part(content) {
        padding: 0;
      }
    `,
  ];
  declare definition: Definition;

  readonly #provenance = new Task(this, {
    task: async ([commit]) => (commit === null ? null : await readProvenance(commit)),
    args: () => [this.definition.head] as const,
  });

  override render() {
    if (this.definition.version === null) return nothing;
    return html`<section>
      <h2>Provenance</h2>
      <div class="card">${whenLoaded(this.#provenance, (found) => found && this.#facts(found))}</div>
    </section>`;
  }

  #facts(provenance: Provenance) {
    const { author, landed_by, approvals, merge_request, review, commit, files } = provenance;
    const by = approvers(approvals);
    return html`${signature(provenance)}
      <dl>
        <dt>Author</dt>
        <dd>${revealHidden(author.name)}</dd>
        <dt>Approvals</dt>
        <dd>${by.length > 0 ? by.join(', ') : html`<span class="quiet">none, landed without review</span>`}</dd>
        <dt>Landed by</dt>
        <dd>${landed_by ?? 'the registry itself'}</dd>
        ${
          merge_request === null
            ? nothing
            : html`<dt>Review</dt><dd>${
                review
                  ? html`<a href="/merge-requests/${review.id}">!${review.id} ${review.title}</a>`
                  : `!${merge_request}`
              }</dd>`
        }
      </dl>
      <registry-copy label="commit ID" value=${commit}></registry-copy>
      <wa-details summary="SHA-256 of the files" appearance="plain">
        <div class="steps">
          ${Object.entries(files).map(
            ([path, sha256]) => html`<p class="small"><code>${path}</code></p>
              <registry-copy label="SHA-256 of ${path}" value=${sha256}></registry-copy>`,
          )}
          <p class="quiet small">
            If a measurement records the commit or one of these hashes, this command finds the version:
          </p>
          <registry-copy
            label="provenance command"
            value="curl ${location.origin}/api/provenance/${commit}"
          ></registry-copy>
        </div>
      </wa-details>
      <wa-details summary="Verify with git" appearance="plain">${this.#steps(provenance.version)}</wa-details>`;
  }

  /** The commands that verify a version. docs/review.md has the same steps. */
  #steps(version: number) {
    const keys = `curl -s -H 'Accept: text/plain' ${location.origin}/api/signing-keys > registry-signers`;
    const check = `git -c gpg.format=ssh -c gpg.ssh.allowedSignersFile=$PWD/registry-signers tag -v v${version}`;
    return html`<div class="steps">
      <p class="quiet small">Run these commands in a clone, with git 2.34 and OpenSSH 9.1 or newer:</p>
      <registry-copy label="command that fetches the keys" value=${keys}></registry-copy>
      <registry-copy label="command that verifies the tag" value=${check}></registry-copy>
    </div>`;
  }
}

/** Whether a key of the registry signed the tag of the version. */
export function signature({ signature }: Pick<VersionSummary, 'signature'>) {
  if (signature?.valid) {
    return html`<span class="good" title=${signature.key}>${icon('verified')} Signed by the registry</span>`;
  }
  return html`<span class="bad">${icon('unverified')} No valid signature of the registry</span>`;
}

customElements.define('definition-provenance', DefinitionProvenance);

declare global {
  interface HTMLElementTagNameMap {
    'definition-provenance': DefinitionProvenance;
  }
}
