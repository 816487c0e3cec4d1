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
 * What somebody may do with a definition.
 *
 * @fires definition-changed - Something of it is different now.
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
      ${this.#session.may('admin', lab_id) ? (is_archived ? this.#takeBack() : this.#menu()) : nothing}`;
  }

  #takeBack() {
    return html`<wa-button size="s" @click=${() => this.#ask(this.#restoring())}>
      ${icon('undo', 'start')} Take back
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
              ${is_public ? 'Show to the lab only' : 'Make public'}
            </wa-dropdown-item>`
      }
      <wa-dropdown-item value="archive" variant="danger">${icon('archive', 'icon')} Archive</wa-dropdown-item>
    </wa-dropdown>`;
  }

  async #choose({ detail }: CustomEvent<{ item: { value: string } }>) {
    await this.#ask(detail.item.value === 'archive' ? this.#archiving() : this.#showing());
  }

  async #ask(question: Question) {
    if (!(await confirm(question))) return;
    this.dispatchEvent(new Event('definition-changed', { bubbles: true, composed: true }));
    notify(`${this.definition.display_name}: done.`);
  }

  #showing(): Question {
    const { id, display_name, is_public } = this.definition;
    return {
      title: is_public ? `Show ${display_name} to the lab only` : `Make ${display_name} public`,
      text: is_public
        ? 'People of other labs will not see it any more. Clones that they have stay with them.'
        : 'Everybody with an account will see and clone it, all of its versions. Merge requests stay with the lab.',
      action: is_public ? 'Show to the lab only' : 'Make public',
      act: async () => await setPublic(id, !is_public),
    };
  }

  #restoring(): Question {
    const { id, display_name } = this.definition;
    return {
      title: `Take ${display_name} back`,
      text: 'It returns to the lists, and computers are offered it again.',
      action: 'Take back',
      act: async () => await restore(id),
    };
  }

  #archiving(): Question {
    const { id, display_name } = this.definition;
    return {
      title: `Archive ${display_name}`,
      text: 'It leaves the lists, and computers are not offered it any more. Its repository and history stay, its name stays taken; it can be taken back.',
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
