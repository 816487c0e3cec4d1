import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/textarea/textarea.js';
import { css, html, LitElement } from 'lit';
import type { MergeRequest } from '../../../registry/schemas/review.ts';
import { shared } from '../../styles/shared.ts';
import '../problem.ts';

/**
 * The form for the title and description of a merge request.
 *
 * @fires done - The user saved or cancelled.
 */
export class RegistryMergeRequestEdit extends LitElement {
  static override properties = {
    mergeRequest: { attribute: false },
    save: { attribute: false },
    busy: { state: true },
    error: { state: true },
  };
  static override styles = [
    shared,
    css`
      form {
        display: grid;
        gap: var(--wa-space-s);
        padding: var(--wa-space-m);
      }
    `,
  ];

  declare mergeRequest: Pick<MergeRequest, 'title' | 'description'>;
  declare save: (change: { title: string; description: string }) => Promise<unknown>;
  declare busy: boolean;
  declare error: unknown;

  override render() {
    const { title, description } = this.mergeRequest;
    return html`<form @submit=${this.#submit}>
      <wa-input name="title" label="Title" required maxlength="200" .defaultValue=${title}></wa-input>
      <wa-textarea
        name="description"
        label="Description"
        rows="6"
        resize="auto"
        maxlength="20000"
        .defaultValue=${description}
      ></wa-textarea>
      <registry-problem .error=${this.error}></registry-problem>
      <div class="row">
        <wa-button type="submit" variant="brand" ?loading=${this.busy}>Save</wa-button>
        <wa-button appearance="plain" @click=${this.#done}>Cancel</wa-button>
      </div>
    </form>`;
  }

  async #submit(event: SubmitEvent) {
    event.preventDefault();
    const fields = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(fields.get(name) ?? '');
    this.busy = true;
    this.error = undefined;
    try {
      await this.save({ title: text('title'), description: text('description') });
      this.#done();
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }

  #done() {
    this.dispatchEvent(new Event('done'));
  }
}

customElements.define('registry-merge-request-edit', RegistryMergeRequestEdit);

declare global {
  interface HTMLElementTagNameMap {
    'registry-merge-request-edit': RegistryMergeRequestEdit;
  }
}
