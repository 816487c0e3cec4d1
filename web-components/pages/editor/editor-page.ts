import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/callout/callout.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import { type CSSResultGroup, css, html, nothing, type PropertyDeclarations } from 'lit';
import { goTo } from '../../app/go.ts';
import { Page } from '../../app/page.ts';
import type { SavedDefinition } from '../../data/definitions.ts';
import { type Draft, dropDraft, keepDraft, readDraft } from '../../data/drafts.ts';
import { isChanged, type WorkingCopy } from '../../data/working-copy.ts';
import { icon } from '../../elements/icon.ts';
import '../../elements/problem.ts';
import { ago } from '../../elements/time.ts';
import { shared } from '../../styles/shared.ts';

/**
 * What changing a definition and making one have in common: unsaved work is kept in the browser, and a save leads to
 * what came of it.
 */
export abstract class EditorPage extends Page {
  static override properties: PropertyDeclarations = {
    copy: { state: true },
    summary: { state: true },
    draft: { state: true },
    busy: { state: true },
    error: { state: true },
    unkept: { state: true },
  };
  static override styles: CSSResultGroup = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--wa-space-m);
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: var(--wa-space-m);
        padding: var(--wa-space-m);
      }
      .bar > * {
        flex: 1 1 12rem;
      }
      .bar > wa-button {
        flex: none;
      }
    `,
  ];
  declare copy: WorkingCopy | undefined;
  /** What was changed, and why. */
  declare summary: string;
  /** What was found unsaved when the page was opened. */
  declare draft: Draft | undefined;
  declare busy: boolean;
  declare error: unknown;
  /** Whether this browser had no room to keep the unsaved work. */
  declare unkept: boolean;

  constructor() {
    super();
    this.summary = '';
    this.busy = false;
    this.unkept = false;
  }

  /** What its unsaved work goes by in this browser. */
  abstract get draftName(): string;

  /** Goes on with what is unsaved, and begins with `fresh` where nothing is. */
  protected open(fresh: WorkingCopy): void {
    this.draft = readDraft(this.draftName);
    this.copy = this.draft?.copy ?? fresh;
    this.summary = this.draft?.summary ?? '';
  }

  protected keep(copy: WorkingCopy): void {
    this.copy = copy;
    const isSaved = !isChanged(copy) && this.summary === '';
    if (isSaved) dropDraft(this.draftName);
    const { draftName, summary } = this;
    this.unkept = !isSaved && !keepDraft(draftName, { copy, summary, at: Date.now() });
  }

  /** What is unsaved goes only once `change` has brought what was saved. */
  protected async save(name: string, change: () => Promise<SavedDefinition>): Promise<void> {
    this.busy = true;
    this.error = undefined;
    try {
      const { merge_request } = await change();
      dropDraft(this.draftName);
      goTo(
        merge_request
          ? `/merge-requests/${merge_request.id}`
          : `/definitions/${encodeURIComponent(name)}`,
      );
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }

  /** What must be known of the unsaved work; `fresh` is what stands there once it is discarded. */
  protected notices(fresh: WorkingCopy) {
    const discard = () => {
      dropDraft(this.draftName);
      this.open(fresh);
    };
    return html`${
      this.draft
        ? html`<wa-callout variant="brand" size="s" role="status">
            <div class="row">
              <span>Your unsaved work from ${ago(new Date(this.draft.at).toISOString())} is here again.</span>
              <wa-button size="s" @click=${discard}>${icon('trash', 'start')} Discard it</wa-button>
            </div>
          </wa-callout>`
        : nothing
    }
    ${
      this.unkept
        ? html`<wa-callout variant="warning" size="s" role="status"
            >This browser has no room to keep unsaved work: save before you leave.</wa-callout
          >`
        : nothing
    }`;
  }

  /** What else can be done about the error. */
  protected remedy(): unknown {
    return nothing;
  }

  /** Why, and the button that says beforehand what comes of it. */
  protected saveBar(copy: WorkingCopy, action: string, save: () => Promise<void>, isSaved = false) {
    return html`<registry-problem .error=${this.error}>${this.remedy()}</registry-problem>
      <div class="card bar">
        <wa-input
          label="What you changed, and why"
          maxlength="10000"
          .value=${this.summary}
          @input=${(event: Event) => {
            this.summary = (event.target as HTMLInputElement).value;
            this.keep(copy);
          }}
        ></wa-input>
        <wa-button variant="brand" ?loading=${this.busy} ?disabled=${isSaved} @click=${save}
          >${action}</wa-button
        >
      </div>`;
  }
}
