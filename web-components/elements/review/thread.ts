import { revealHidden } from '../reveal-hidden.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { readText } from '../../data/drafts.ts';
import { shared } from '../../styles/shared.ts';
import { badge } from '../badge.ts';
import '../person.ts';
import { ago } from '../time.ts';
import './composer.ts';
import type { Thread } from './threads.ts';

/** A thread of comments with a field to reply. */
export class RegistryThread extends LitElement {
  static override properties = {
    thread: { attribute: false },
    reply: { attribute: false },
    isReplying: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host {
        padding: var(--wa-space-s);
        margin: var(--wa-space-xs);
        scroll-margin: 6rem;
      }
      :host,
      article {
        display: grid;
        gap: var(--wa-space-xs);
      }
      .text {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      article + article {
        padding-block-start: var(--wa-space-xs);
        border-block-start: 1px solid var(--wa-color-surface-border);
      }
    `,
  ];

  declare thread: Thread;
  /** Sends a reply, or undefined if the user may not reply. */
  declare reply: ((text: string) => Promise<unknown>) | undefined;
  declare isReplying: boolean;

  constructor() {
    super();
    this.isReplying = false;
  }

  get #replyKey(): string {
    return `answer to ${this.thread[0].id}`;
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    // Continue a reply that the user started elsewhere on the page or before a reload.
    if (changed.has('thread') && !this.isReplying)
      this.isReplying = readText(this.#replyKey) !== '';
  }

  override render() {
    const [{ file, original_line, outdated }] = this.thread;
    return html`${
      file !== null && outdated
        ? html`<p class="row small quiet">
            ${badge('outdated', 'warning')}
            <span><code>${revealHidden(file)}</code>, line ${original_line} of an earlier push</span>
          </p>`
        : nothing
    }
    ${this.thread.map(
      ({ author, created_at, body }) => html`<article>
        <div class="row small quiet">
          <registry-person .username=${author.username}></registry-person> ${ago(created_at)}
        </div>
        <p class="text">${revealHidden(body)}</p>
      </article>`,
    )}
    ${this.reply ? this.#replyForm(this.reply) : nothing}`;
  }

  #replyForm(reply: (text: string) => Promise<unknown>) {
    const stop = () => {
      this.isReplying = false;
    };
    return this.isReplying
      ? html`<registry-composer
          label="Reply"
          cancellable
          .draftKey=${this.#replyKey}
          .actions=${[{ label: 'Reply', variant: 'brand', needsText: true, act: reply }]}
          @done=${stop}
          @cancel=${stop}
        ></registry-composer>`
      : html`<div>
          <wa-button size="s" appearance="outlined" @click=${this.#start}>Reply…</wa-button>
        </div>`;
  }

  async #start() {
    this.isReplying = true;
    await this.updateComplete;
    await this.renderRoot.querySelector('registry-composer')?.focus();
  }
}

customElements.define('registry-thread', RegistryThread);

declare global {
  interface HTMLElementTagNameMap {
    'registry-thread': RegistryThread;
  }
}
