import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/callout/callout.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import { type CSSResultGroup, css, html, nothing, type PropertyDeclarations } from 'lit';
import { goTo } from '../../app/go.ts';
import { Page } from '../../app/page.ts';
import type { SavedDefinition } from '../../data/definitions.ts';
import { type Draft, deleteDraft, readDraft, saveDraft } from '../../data/drafts.ts';
import { isChanged, type WorkingCopy } from '../../data/working-copy.ts';
import { icon } from '../../elements/icon.ts';
import '../../elements/problem.ts';
import { ago } from '../../elements/time.ts';
import { shared } from '../../styles/shared.ts';

/**
 * The common parts of the pages that edit and create definitions. Unsaved work is stored in the browser. After a save,
 * the new version or merge request opens.
 */
export abstract class EditorPage extends Page {
  static override properties: PropertyDeclarations = {
    copy: { state: true },
    summary: { state: true },
    draft: { state: true },
    busy: { state: true },
    error: { state: true },
    isStorageFull: { state: true },
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
  /** The change summary that the user typed. */
  declare summary: string;
  /** The unsaved work that the page found in the browser and restored. */
  declare draft: Draft | undefined;
  declare busy: boolean;
  declare error: unknown;
  /** Whether the browser had no storage left for unsaved work. */
  declare isStorageFull: boolean;

  constructor() {
    super();
    this.summary = '';
    this.busy = false;
    this.isStorageFull = false;
  }

  /** The key under which this browser stores the unsaved work. */
  abstract get draftName(): string;

  /** Restores unsaved work. If there is no unsaved work, the page starts with `fresh`. */
  protected open(fresh: WorkingCopy): void {
    this.draft = readDraft(this.draftName);
    this.copy = this.draft?.copy ?? fresh;
    this.summary = this.draft?.summary ?? '';
  }

  protected keep(copy: WorkingCopy): void {
    this.copy = copy;
    const isSaved = !isChanged(copy) && this.summary === '';
    if (isSaved) deleteDraft(this.draftName);
    const { draftName, summary } = this;
    this.isStorageFull = !isSaved && !saveDraft(draftName, { copy, summary, at: Date.now() });
  }

  /** Deletes the unsaved work only after `change` has succeeded. */
  protected async save(name: string, change: () => Promise<SavedDefinition>): Promise<void> {
    this.busy = true;
    this.error = undefined;
    try {
      const { merge_request } = await change();
      deleteDraft(this.draftName);
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

  /** Notices about unsaved work. If the user discards the unsaved work, the page continues with `fresh`. */
  protected notices(fresh: WorkingCopy) {
    const discard = () => {
      deleteDraft(this.draftName);
      this.open(fresh);
    };
    return html`${
      this.draft
        ? html`<wa-callout variant="brand" size="s" role="status">
            <div class="row">
              <span>Your unsaved work from ${ago(new Date(this.draft.at).toISOString())} was restored.</span>
              <wa-button size="s" @click=${discard}>${icon('trash', 'start')} Discard</wa-button>
            </div>
          </wa-callout>`
        : nothing
    }
    ${
      this.isStorageFull
        ? html`<wa-callout variant="warning" size="s" role="status"
            >This browser has no storage left for unsaved work. Save before you leave.</wa-callout
          >`
        : nothing
    }`;
  }

  /** Renders an action that fixes the error. */
  protected remedy(): unknown {
    return nothing;
  }

  /** The change summary and the save button. */
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
