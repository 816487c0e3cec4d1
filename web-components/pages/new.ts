import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { css, html, nothing } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { createDefinition, validateSource } from '../data/definitions.ts';
import { dropDraft, keepDraft, readDraft } from '../data/drafts.ts';
import { landsDirectly } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import { type Files, mainOf } from '../data/working-copy.ts';
import type { FilesEvent } from '../elements/editor/file-tabs.ts';
import { TEMPLATES, type TemplateId, template } from '../elements/editor/templates.ts';
import '../elements/editor/workbench.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import { shared } from '../styles/shared.ts';

const DRAFT = '/new';
const FIRST_NAME = 'MyInstrument';

/** `/new`: a definition from a template; what is unsaved is kept in the browser. */
export class NewPage extends Page {
  static override properties = {
    name: { state: true },
    files: { state: true },
    lab: { state: true },
    kind: { state: true },
    busy: { state: true },
    error: { state: true },
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
      .save > * {
        flex: 1 1 12rem;
      }
      .save wa-button {
        flex: none;
      }
    `,
  ];
  declare name: string;
  declare files: Files;
  declare lab: number | null | undefined;
  declare kind: TemplateId;
  declare busy: boolean;
  declare error: unknown;
  readonly #session = new SessionController(this);

  readonly #lands = new Task(this, {
    task: async ([lab]) => (lab === undefined ? false : await landsDirectly(lab)),
    args: () => [this.#lab] as const,
  });

  constructor() {
    super();
    this.name = FIRST_NAME;
    this.kind = 'measurement-visa';
    this.files = { [mainOf(this.name)]: template(this.kind, this.name) };
    this.busy = false;
  }

  override connectedCallback() {
    super.connectedCallback();
    const files = readDraft(DRAFT)?.copy.files;
    const [main] = Object.keys(files ?? {});
    if (!files || !main) return;
    this.name = main.replace(/\.py$/, '');
    this.files = files;
  }

  /** Labs in which this person may propose. */
  get #labs() {
    return (this.#session.me?.labs ?? []).filter(({ role }) => role !== 'viewer');
  }

  get #lab(): number | null | undefined {
    const { me } = this.#session;
    if (this.lab !== undefined) return this.lab;
    return this.#labs[0]?.lab_id ?? (me?.user.is_admin ? null : undefined);
  }

  override render() {
    return html`<h1 tabindex="-1">New definition</h1>
      ${
        this.#lab === undefined && this.#session.me !== undefined
          ? empty(
              'lock',
              'You belong to no lab in which you may propose',
              html`Ask an admin of your lab to make you a contributor.`,
            )
          : this.#editor()
      }`;
  }

  #editor() {
    return html`<div class="row card save">
        <wa-input
          label="Name of the class"
          hint="It stays for ever: it is the class in every clone"
          required
          maxlength="100"
          pattern="[A-Za-z_][A-Za-z0-9_]*"
          .value=${this.name}
          @change=${(event: Event) => this.#rename((event.target as HTMLInputElement).value.trim())}
        ></wa-input>
        <wa-select
          label="Begin with"
          hint="As long as nothing was written"
          .value=${this.kind}
          ?disabled=${!this.#isTemplate}
          @change=${(event: Event) => this.#begin((event.target as HTMLInputElement).value as TemplateId)}
        >
          ${TEMPLATES.map(({ id, label }) => html`<wa-option value=${id}>${label}</wa-option>`)}
        </wa-select>
        ${this.#labs.length > 1 ? this.#choiceOfLab() : nothing}
        ${whenLoaded(
          this.#lands,
          (lands) => html`<wa-button variant="brand" ?loading=${this.busy} @click=${this.#save}
            >${lands ? 'Save as version 1' : 'Propose for review'}</wa-button
          >`,
        )}
      </div>
      <registry-problem .error=${this.error}></registry-problem>
      <registry-workbench
        .main=${mainOf(this.name)}
        .files=${this.files}
        .validate=${(source: string) => validateSource(source, this.name)}
        @files-change=${({ files }: FilesEvent) => this.#keep(files)}
      ></registry-workbench>`;
  }

  #choiceOfLab() {
    return html`<wa-select
      label="Lab"
      .value=${String(this.#lab ?? '')}
      @change=${(event: Event) => {
        this.lab = Number((event.target as HTMLInputElement).value);
      }}
    >
      ${this.#labs.map(({ lab_id, name }) => html`<wa-option value=${lab_id}>${name}</wa-option>`)}
    </wa-select>`;
  }

  get #isTemplate(): boolean {
    const main = mainOf(this.name);
    return (
      Object.keys(this.files).length === 1 && this.files[main] === template(this.kind, this.name)
    );
  }

  #begin(kind: TemplateId) {
    this.kind = kind;
    this.files = { [mainOf(this.name)]: template(kind, this.name) };
  }

  /** The class goes by its new name where it stood as a word of its own. */
  #rename(name: string) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === this.name) return;
    const { [mainOf(this.name)]: source = '', ...others } = this.files;
    const renamed = source.replaceAll(new RegExp(`\\b${this.name}\\b`, 'g'), name);
    this.name = name;
    this.#keep({ [mainOf(name)]: renamed, ...others });
  }

  #keep(files: Files) {
    this.files = files;
    const { [mainOf(this.name)]: source = '', ...others } = files;
    const copy = { version: null, base: {}, files: { [mainOf(this.name)]: source, ...others } };
    keepDraft(DRAFT, { copy, summary: '', at: Date.now() });
  }

  async #save() {
    const { [mainOf(this.name)]: source_code = '', ...files } = this.files;
    this.busy = true;
    this.error = undefined;
    try {
      const { merge_request } = await createDefinition({
        name: this.name,
        source_code,
        files,
        lab_id: this.#lab ?? null,
      });
      dropDraft(DRAFT);
      goTo(
        merge_request
          ? `/merge-requests/${merge_request.id}`
          : `/definitions/${encodeURIComponent(this.name)}`,
      );
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }
}

customElements.define('new-page', NewPage);
