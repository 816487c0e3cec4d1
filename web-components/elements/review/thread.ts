import { revealed } from '../revealed.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { readText } from '../../data/drafts.ts';
import { shared } from '../../styles/shared.ts';
import { badge } from '../badge.ts';
import '../person.ts';
import { ago } from '../time.ts';
import './composer.ts';
import type { Thread } from './threads.ts';

/** What was said of a line, or of the whole, and the field to answer in. */
export class RegistryThread extends LitElement {
  static override properties = {
    thread: { attribute: false },
    reply: { attribute: false },
    answering: { state: true },
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
  /** Answers it; without it nobody can. */
  declare reply: ((text: string) => Promise<unknown>) | undefined;
  declare answering: boolean;

  constructor() {
    super();
    this.answering = false;
  }

  get #answerName(): string {
    return `answer to ${this.thread[0].id}`;
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    // Whoever was answering elsewhere, or before a reload, goes on.
    if (changed.has('thread') && !this.answering)
      this.answering = readText(this.#answerName) !== '';
  }

  override render() {
    const [{ file, original_line, outdated }] = this.thread;
    return html`${
      file !== null && outdated
        ? html`<p class="row small quiet">
            ${badge('outdated', 'warning')}
            <span><code>${revealed(file)}</code>, line ${original_line} of an earlier push</span>
          </p>`
        : nothing
    }
    ${this.thread.map(
      ({ author, created_at, body }) => html`<article>
        <div class="row small quiet">
          <registry-person .username=${author.username}></registry-person> ${ago(created_at)}
        </div>
        <p class="text">${revealed(body)}</p>
      </article>`,
    )}
    ${this.reply ? this.#answer(this.reply) : nothing}`;
  }

  #answer(reply: (text: string) => Promise<unknown>) {
    const stop = () => {
      this.answering = false;
    };
    return this.answering
      ? html`<registry-composer
          label="Answer"
          cancellable
          .keptAs=${this.#answerName}
          .actions=${[{ label: 'Answer', variant: 'brand', needsText: true, act: reply }]}
          @done=${stop}
          @cancel=${stop}
        ></registry-composer>`
      : html`<div>
          <wa-button size="s" appearance="outlined" @click=${this.#start}>Answer…</wa-button>
        </div>`;
  }

  async #start() {
    this.answering = true;
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
