import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, LitElement, nothing, type PropertyDeclarations } from 'lit';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import { icon } from './icon.ts';
import './problem.ts';
import { notify } from './toast.ts';

/**
 * A card that shows facts and has a form to edit them in place. When the form opens, the focus moves into it. When the
 * form closes, the focus returns to the edit button.
 *
 * @fires saved - The changes were saved.
 */
export abstract class EditableCard extends LitElement {
  static override properties: PropertyDeclarations = {
    mayEdit: { type: Boolean },
    editing: { state: true },
    busy: { state: true },
    error: { state: true },
  };
  static override styles = [shared, sections];

  declare mayEdit: boolean;
  declare editing: boolean;
  declare busy: boolean;
  declare error: unknown;

  constructor() {
    super();
    this.mayEdit = false;
    this.editing = false;
    this.busy = false;
  }

  abstract readonly heading: string;
  /** The label of the button that opens the form. */
  get editLabel(): string {
    return 'Edit';
  }
  /** Renders the facts. */
  protected abstract view(): unknown;
  /** Renders the inputs of the form. Each input has a name. */
  protected abstract fields(): unknown;
  /** Saves the changes. If `save` throws an error, the form shows it. */
  protected abstract save(fields: FormData): Promise<unknown>;

  override render() {
    return html`<section class="card body" aria-label=${this.heading}>
      <div class="head">
        <h2>${this.heading}</h2>
        ${
          this.mayEdit && !this.editing
            ? html`<wa-button class="edit" size="s" appearance="outlined" @click=${this.edit}>
                ${icon('pencil', 'start')} ${this.editLabel}
                <span class="visually-hidden">: ${this.heading}</span>
              </wa-button>`
            : nothing
        }
      </div>
      ${this.editing ? this.#form() : this.view()}
    </section>`;
  }

  #form() {
    return html`<form @submit=${this.#submit}>
      ${this.fields()}
      <registry-problem .error=${this.error}></registry-problem>
      <div class="row">
        <wa-button type="submit" variant="brand" ?loading=${this.busy}>Save</wa-button>
        <wa-button appearance="plain" @click=${this.#stop}>Cancel</wa-button>
      </div>
    </form>`;
  }

  protected async edit() {
    this.error = undefined;
    this.editing = true;
    await this.#focus('form [name]');
  }

  async #stop() {
    this.editing = false;
    await this.#focus('.edit');
  }

  async #focus(selector: string) {
    await this.updateComplete;
    const found = this.renderRoot.querySelector<HTMLElement & Partial<LitElement>>(selector);
    await found?.updateComplete;
    found?.focus();
  }

  async #submit(event: SubmitEvent) {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.error = undefined;
    try {
      await this.save(new FormData(event.target as HTMLFormElement));
      this.dispatchEvent(new Event('saved'));
      await this.#stop();
      notify('Saved');
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }
}

/** The trimmed text of an input; null if it is empty. */
export function textOf(fields: FormData, name: string): string | null {
  return String(fields.get(name) ?? '').trim() || null;
}
