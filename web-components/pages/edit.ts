import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/callout/callout.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import { css, html, nothing } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { RegistryError } from '../data/client.ts';
import {
  changeDefinition,
  type Definition,
  readDefinition,
  validateSource,
} from '../data/definitions.ts';
import { type Draft, dropDraft, keepDraft, readDraft } from '../data/drafts.ts';
import { landsDirectly } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import {
  begin,
  changesOf,
  isChanged,
  keepOwn,
  type Merged,
  mainOf,
  mergeInto,
  type WorkingCopy,
} from '../data/working-copy.ts';
import type { FilesEvent } from '../elements/editor/file-tabs.ts';
import '../elements/editor/lost-update.ts';
import type { DecisionEvent } from '../elements/editor/lost-update.ts';
import '../elements/editor/workbench.ts';
import { icon } from '../elements/icon.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import { ago } from '../elements/time.ts';
import { shared } from '../styles/shared.ts';

/** `/definitions/<Name>/edit`: changing a definition; what is unsaved is kept in the browser. */
export class EditPage extends Page {
  static override properties = {
    name: {},
    copy: { state: true },
    summary: { state: true },
    draft: { state: true },
    faster: { state: true },
    busy: { state: true },
    error: { state: true },
    unkept: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--wa-space-m);
      }
      .save {
        align-items: end;
        padding: var(--wa-space-m);
      }
      .save wa-input {
        flex: 1 1 16rem;
      }
    `,
  ];
  declare name: string;
  declare copy: WorkingCopy | undefined;
  declare summary: string;
  /** What was found unsaved when the page was opened. */
  declare draft: Draft | undefined;
  /** What landed while somebody edited, and what both together make. */
  declare faster: { landed: WorkingCopy; merged: Merged } | undefined;
  declare busy: boolean;
  declare error: unknown;
  /** Whether this browser had no room to keep the unsaved work. */
  declare unkept: boolean;
  readonly #session = new SessionController(this);

  readonly #loaded = new Task(this, {
    task: async ([name]) => {
      const definition = await readDefinition(name);
      this.#open(definition);
      return { definition, lands: await landsDirectly(definition.lab_id) };
    },
    args: () => [this.name] as const,
  });

  constructor() {
    super();
    this.summary = '';
    this.busy = false;
    this.unkept = false;
  }

  #open(definition: Definition) {
    this.draft = readDraft(this.name);
    this.copy = this.draft?.copy ?? begin(definition);
    this.summary = this.draft?.summary ?? '';
  }

  override render() {
    return html`<header>
        <a class="small" href="/definitions/${encodeURIComponent(this.name)}">${this.name}</a>
        <h1 tabindex="-1">Edit ${this.name}</h1>
      </header>
      ${whenLoaded(this.#loaded, ({ definition, lands }) => {
        if (!this.#session.may('contributor', definition.lab_id)) {
          return empty(
            'lock',
            'You may read this definition, not change it',
            html`Contributors and admins of its lab propose changes.`,
          );
        }
        if (definition.is_archived) {
          return empty(
            'archive',
            'It is archived: nothing in it changes',
            html`An admin of its lab can take it back, on <a href="/definitions/${encodeURIComponent(this.name)}">its page</a>.`,
          );
        }
        return this.copy ? this.#editor(definition, lands, this.copy) : nothing;
      })}`;
  }

  #editor(definition: Definition, lands: boolean, copy: WorkingCopy) {
    if (this.faster) return this.#lostUpdate(copy, this.faster);
    return html`${this.draft ? this.#restored(this.draft, definition) : nothing}
      ${this.unkept ? html`<wa-callout variant="warning" size="s">This browser has no room to keep unsaved work: save before you leave.</wa-callout>` : nothing}
      <registry-workbench
        .main=${mainOf(this.name)}
        .files=${copy.files}
        .validate=${(source: string) => validateSource(source, this.name, definition.id)}
        @files-change=${({ files }: FilesEvent) => this.#keep({ ...copy, files })}
      ></registry-workbench>
      <registry-problem .error=${this.error}></registry-problem>
      <div class="row card save">
        <wa-input
          label="What you changed, and why"
          maxlength="10000"
          .value=${this.summary}
          @input=${(event: Event) => {
            this.summary = (event.target as HTMLInputElement).value;
            this.#keep(copy);
          }}
        ></wa-input>
        <wa-button
          variant="brand"
          ?loading=${this.busy}
          ?disabled=${!isChanged(copy)}
          @click=${() => this.#save(definition, copy)}
          >${lands ? `Save as version ${(copy.version ?? 0) + 1}` : 'Propose for review'}</wa-button
        >
      </div>`;
  }

  #restored({ at }: Draft, definition: Definition) {
    return html`<wa-callout variant="brand" size="s" role="status">
      <div class="row">
        <span>Your unsaved work from ${ago(new Date(at).toISOString())} is here again.</span>
        <wa-button size="s" @click=${() => this.#discard(definition)}>${icon('trash', 'start')} Discard it</wa-button>
      </div>
    </wa-callout>`;
  }

  #lostUpdate(own: WorkingCopy, { landed, merged }: { landed: WorkingCopy; merged: Merged }) {
    const decide = ({ decision }: DecisionEvent) => {
      const decided = { merge: merged.copy, own: keepOwn(own, landed), theirs: landed }[decision];
      this.faster = undefined;
      this.error = undefined;
      this.#keep(decided);
    };
    return html`<registry-lost-update
      .base=${own.base}
      .own=${own.files}
      .theirs=${landed.files}
      .version=${landed.version ?? 0}
      .conflicts=${merged.conflicts}
      @decided=${decide}
    ></registry-lost-update>`;
  }

  #keep(copy: WorkingCopy) {
    this.copy = copy;
    if (!isChanged(copy) && this.summary === '') {
      dropDraft(this.name);
      this.unkept = false;
    } else this.unkept = !keepDraft(this.name, { copy, summary: this.summary, at: Date.now() });
  }

  #discard(definition: Definition) {
    dropDraft(this.name);
    this.#open(definition);
  }

  async #save(definition: Definition, copy: WorkingCopy) {
    this.busy = true;
    this.error = undefined;
    const { [mainOf(this.name)]: source, ...files } = changesOf(copy);
    try {
      const { merge_request } = await changeDefinition(definition.id, {
        ...(source !== undefined && source !== null && { source_code: source }),
        ...(Object.keys(files).length > 0 && { files }),
        ...(this.summary.trim() && { change_summary: this.summary.trim() }),
        expected_version: copy.version,
      });
      dropDraft(this.name);
      goTo(
        merge_request
          ? `/merge-requests/${merge_request.id}`
          : `/definitions/${encodeURIComponent(this.name)}`,
      );
    } catch (error) {
      this.error = error;
      if (error instanceof RegistryError && error.status === 409) await this.#lookForFaster(copy);
    } finally {
      this.busy = false;
    }
  }

  /** A conflict is most often a version that landed meanwhile; any other stays the error that it is. */
  async #lookForFaster(own: WorkingCopy) {
    const landed = begin(await readDefinition(this.name));
    if (landed.version !== own.version) this.faster = { landed, merged: mergeInto(own, landed) };
  }
}

customElements.define('edit-page', EditPage);
