import { css, html, LitElement, nothing } from 'lit';
import { archive, type Definition, restore, setPublic } from '../../data/definitions.ts';
import { SessionController } from '../../data/session.ts';
import { confirm, type Question } from '../../elements/confirm.ts';
import { icon } from '../../elements/icon.ts';
import { notify } from '../../elements/toast.ts';
import { shared } from '../../styles/shared.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/dropdown/dropdown.js';
import '@awesome.me/webawesome/dist/components/dropdown-item/dropdown-item.js';

/**
 * The buttons for the actions that the user may perform on a definition.
 *
 * @fires definition-changed - The definition has changed.
 */
export class DefinitionActions extends LitElement {
  static override properties = { definition: { attribute: false } };
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        gap: var(--wa-space-2xs);
      }
    `,
  ];
  declare definition: Definition;
  readonly #session = new SessionController(this);

  override render() {
    const { lab_id, name, version, is_archived } = this.definition;
    const address = `/definitions/${encodeURIComponent(name)}`;
    return html`${
      this.#session.may('contributor', lab_id) && !is_archived
        ? html`<wa-button size="s" appearance="outlined" href="${address}/edit">
              ${icon('pencil', 'start')} Edit
            </wa-button>`
        : nothing
    }
      ${
        version !== null && version > 1
          ? html`<wa-button size="s" appearance="outlined" href="${address}/compare">
              ${icon('diff', 'start')} Compare
            </wa-button>`
          : nothing
      }
      ${this.#session.may('admin', lab_id) ? (is_archived ? this.#unarchiveButton() : this.#menu()) : nothing}`;
  }

  #unarchiveButton() {
    return html`<wa-button size="s" @click=${() => this.#ask(this.#unarchiveQuestion())}>
      ${icon('undo', 'start')} Unarchive
    </wa-button>`;
  }

  #menu() {
    const { is_public, is_builtin } = this.definition;
    return html`<wa-dropdown placement="bottom-end" @wa-select=${this.#choose}>
      <wa-button slot="trigger" size="s" appearance="outlined" with-caret>Manage</wa-button>
      ${
        is_builtin
          ? nothing
          : html`<wa-dropdown-item value="visibility">
              ${icon(is_public ? 'lock' : 'globe', 'icon')}
              ${is_public ? 'Restrict to lab' : 'Make public'}
            </wa-dropdown-item>`
      }
      <wa-dropdown-item value="archive" variant="danger">${icon('archive', 'icon')} Archive</wa-dropdown-item>
    </wa-dropdown>`;
  }

  async #choose({ detail }: CustomEvent<{ item: { value: string } }>) {
    await this.#ask(
      detail.item.value === 'archive' ? this.#archiveQuestion() : this.#visibilityQuestion(),
    );
  }

  async #ask(question: Question) {
    if (!(await confirm(question))) return;
    this.dispatchEvent(new Event('definition-changed', { bubbles: true, composed: true }));
    notify(`${this.definition.display_name} was updated`);
  }

  #visibilityQuestion(): Question {
    const { id, display_name, is_public } = this.definition;
    return {
      title: is_public ? `Restrict ${display_name} to the lab` : `Make ${display_name} public`,
      text: is_public
        ? 'People in other labs can no longer see the definition. Existing clones in other labs stay.'
        : 'Everyone with an account can see and clone the definition with all its versions. Only the lab can see the merge requests of the definition.',
      action: is_public ? 'Restrict to lab' : 'Make public',
      act: async () => await setPublic(id, !is_public),
    };
  }

  #unarchiveQuestion(): Question {
    const { id, display_name } = this.definition;
    return {
      title: `Unarchive ${display_name}`,
      text: 'The definition returns to the lists, and computers can get it again.',
      action: 'Unarchive',
      act: async () => await restore(id),
    };
  }

  #archiveQuestion(): Question {
    const { id, display_name } = this.definition;
    return {
      title: `Archive ${display_name}`,
      text: 'The definition disappears from the lists, and computers no longer get it. The repository and history of the definition stay, and no other definition can use its name. You can unarchive the definition later.',
      action: 'Archive',
      danger: true,
      act: async () => await archive(id),
    };
  }
}

customElements.define('definition-actions', DefinitionActions);

declare global {
  interface HTMLElementTagNameMap {
    'definition-actions': DefinitionActions;
  }
}
