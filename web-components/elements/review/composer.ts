import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/textarea/textarea.js';
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { readText, saveText } from '../../data/drafts.ts';
import { shared } from '../../styles/shared.ts';
import '../problem.ts';

export interface ComposerAction {
  label: string;
  variant?: 'brand' | 'success' | 'warning' | 'neutral';
  /** Whether the action needs text. */
  needsText?: boolean;
  /** Performs the action. If the action throws, the composer shows the error and keeps the text. */
  act: (text: string) => Promise<unknown>;
}

/**
 * A text field with buttons for what to do with the text. Unsent text is stored under `draftKey`. Another composer with
 * the same key continues with this text, even after a reload.
 *
 * @fires done - The action succeeded, and the field is empty again.
 *
 * @fires cancel - The user cancelled. The button appears if `cancellable` is set.
 */
export class RegistryComposer extends LitElement {
  static override properties = {
    label: {},
    actions: { attribute: false },
    cancellable: { type: Boolean },
    draftKey: { attribute: false },
    text: { state: true },
    busy: { state: true },
    error: { state: true },
  };
  static override styles = [
    shared,
    css`
      form {
        display: grid;
        gap: var(--wa-space-xs);
      }
    `,
  ];

  declare label: string;
  declare actions: readonly ComposerAction[];
  declare cancellable: boolean;
  declare draftKey: string;
  declare text: string;
  declare busy: ComposerAction | undefined;
  declare error: unknown;

  constructor() {
    super();
    this.actions = [];
    this.cancellable = false;
    this.text = '';
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has('draftKey')) this.text = readText(this.draftKey);
  }

  get #field() {
    return this.renderRoot.querySelector('wa-textarea');
  }

  override async focus() {
    await this.updateComplete;
    await this.#field?.updateComplete;
    this.#field?.focus();
  }

  override render() {
    return html`<form @submit=${(event: Event) => event.preventDefault()}>
      <wa-textarea
        label=${this.label}
        rows="3"
        resize="auto"
        maxlength="20000"
        .value=${this.text}
        @input=${(event: Event) => this.#keep((event.target as HTMLTextAreaElement).value)}
      ></wa-textarea>
      <registry-problem .error=${this.error}></registry-problem>
      <div class="row">
        ${this.actions.map(
          (action) => html`<wa-button
            size="s"
            variant=${action.variant ?? 'neutral'}
            appearance=${action.variant ? 'accent' : 'outlined'}
            ?loading=${this.busy === action}
            ?disabled=${this.busy !== undefined && this.busy !== action}
            @click=${() => this.#act(action)}
            >${action.label}</wa-button
          >`,
        )}
        ${
          this.cancellable
            ? html`<wa-button size="s" appearance="plain" @click=${this.#cancel}>Cancel</wa-button>`
            : nothing
        }
      </div>
    </form>`;
  }

  #keep(text: string) {
    this.text = text;
    saveText(this.draftKey, text);
  }

  #cancel() {
    this.#keep('');
    this.dispatchEvent(new Event('cancel'));
  }

  async #act(action: ComposerAction) {
    const text = this.text.trim();
    if (action.needsText && text === '') {
      this.#field?.focus();
      return;
    }
    this.busy = action;
    this.error = undefined;
    try {
      await action.act(text);
      this.#keep('');
      this.dispatchEvent(new Event('done'));
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = undefined;
    }
  }
}

customElements.define('registry-composer', RegistryComposer);

declare global {
  interface HTMLElementTagNameMap {
    'registry-composer': RegistryComposer;
  }
}
