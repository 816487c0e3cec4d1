import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { css, html, nothing } from 'lit';
import { inputProblem, RegistryError } from '../data/client.ts';
import { createDefinition, validateSource } from '../data/definitions.ts';
import { canLandDirectly } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import {
  classNames,
  isChanged,
  mainFile,
  moveFile,
  type WorkingCopy,
} from '../data/working-copy.ts';
import type { FilesEvent } from '../elements/editor/file-tabs.ts';
import { TEMPLATES, type TemplateId, template } from '../elements/editor/templates.ts';
import '../elements/editor/workbench.ts';
import { icon } from '../elements/icon.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import { EditorPage } from './editor/editor-page.ts';

const FIRST_NAME = 'MyInstrument';
const textIn = (event: Event) => (event.target as HTMLInputElement).value;

/** `/new`: a new definition from a template. */
export class NewPage extends EditorPage {
  static override properties = { lab: { state: true }, kind: { state: true } };
  static override styles = [
    EditorPage.styles,
    css`
      .fields {
        align-items: start;
      }
    `,
  ];
  declare copy: WorkingCopy;
  declare lab: number | null | undefined;
  declare kind: TemplateId;
  readonly #session = new SessionController(this);

  readonly #lands = new Task(this, {
    task: async ([lab]) => (lab === undefined ? false : await canLandDirectly(lab)),
    args: () => [this.#lab] as const,
  });

  constructor() {
    super();
    this.kind = 'measurement-visa';
  }

  override get draftName(): string {
    return '/new';
  }

  override connectedCallback() {
    super.connectedCallback();
    this.open(copyOfTemplate(this.kind, FIRST_NAME));
  }

  /** The name of the class, which is also the name of the template's file. */
  get #name(): string {
    const [main = ''] = Object.keys(this.copy.base);
    return main.replace(/\.py$/, '');
  }

  /** The labs in which the user may propose definitions. */
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
              'You cannot propose definitions in any lab',
              html`Ask a lab admin to make you a contributor.`,
            )
          : this.#editor()
      }`;
  }

  #editor() {
    const { copy } = this;
    const name = this.#name;
    return html`${this.notices(copyOfTemplate(this.kind, FIRST_NAME))}
      <div class="card bar fields">
        <wa-input
          label="Class name"
          hint="You cannot change the name after saving"
          required
          maxlength="100"
          pattern="[A-Za-z_][A-Za-z0-9_]*"
          .value=${name}
          @change=${(event: Event) => this.#rename(textIn(event).trim())}
        ></wa-input>
        <wa-select
          label="Template"
          hint="Available until you edit the code"
          .value=${this.kind}
          ?disabled=${isChanged(copy)}
          @change=${(event: Event) => this.#useTemplate(textIn(event) as TemplateId)}
        >
          ${TEMPLATES.map(({ id, label }) => html`<wa-option value=${id}>${label}</wa-option>`)}
        </wa-select>
        ${this.#labs.length > 1 ? this.#choiceOfLab() : nothing}
      </div>
      <registry-workbench
        .main=${mainFile(name)}
        .files=${copy.files}
        .validate=${({ [mainFile(name)]: source_code = '', ...files }: WorkingCopy['files']) =>
          validateSource({ source_code, name, files })}
        @files-change=${({ files }: FilesEvent) => this.keep({ ...copy, files })}
      ></registry-workbench>
      ${whenLoaded(this.#lands, (lands) =>
        this.saveBar(copy, lands ? 'Save as version 1' : 'Propose for review', () =>
          this.save(name, () => this.#create(name, copy)),
        ),
      )}`;
  }

  #choiceOfLab() {
    return html`<wa-select
      label="Lab"
      hint="Admins of the lab review the definition"
      .value=${String(this.#lab ?? '')}
      @change=${(event: Event) => {
        this.lab = Number(textIn(event));
      }}
    >
      ${this.#labs.map(({ lab_id, name }) => html`<wa-option value=${lab_id}>${name}</wa-option>`)}
    </wa-select>`;
  }

  #useTemplate(kind: TemplateId) {
    this.kind = kind;
    this.keep(copyOfTemplate(kind, this.#name));
  }

  /** The classes in the main file. */
  get #classes(): string[] {
    return classNames(this.copy.files[mainFile(this.#name)] ?? '');
  }

  /**
   * Renames the class, its file and all references to it. If the user pasted a class with the new name, renames only
   * the file.
   */
  async #rename(name: string) {
    const old = this.#name;
    if (name === old) return;
    this.error = undefined;
    if (!isChanged(this.copy) && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      return this.keep(copyOfTemplate(this.kind, name));
    }
    if (this.#classes.includes(name) && !this.#classes.includes(old)) {
      return this.keep(moveFile(this.copy, mainFile(old), mainFile(name)));
    }
    const { RenameError, renameTexts } = await import(
      '../../registry/definitions/rename/rename.ts'
    );
    const renamed = (files: WorkingCopy['files']) =>
      Object.fromEntries(renameTexts(new Map(Object.entries(files)), old, name).files);
    try {
      const { version, base, files } = this.copy;
      this.keep({ version, base: renamed(base), files: renamed(files) });
    } catch (error) {
      this.error =
        error instanceof RenameError
          ? inputProblem(error.message, 'The class cannot be renamed')
          : error;
    }
  }

  /**
   * Offers another name for the class: the name of a pasted class or, if the name is taken, a free name that the
   * registry proposes.
   */
  protected override remedy() {
    if (!(this.error instanceof RegistryError)) return nothing;
    const { free_name, status } = this.error.problem;
    if (free_name !== undefined) return this.#renameButton(free_name, `Rename to ${free_name}`);
    const [pasted, ...others] = this.#classes;
    const isPasted = pasted !== undefined && pasted !== this.#name && others.length === 0;
    return status === 422 && isPasted
      ? this.#renameButton(pasted, `Use class name ${pasted}`)
      : nothing;
  }

  #renameButton(name: string, label: string) {
    return html`<wa-button size="s" @click=${() => this.#rename(name)}
      >${icon('pencil', 'start')} ${label}</wa-button
    >`;
  }

  async #create(name: string, { files: all }: WorkingCopy) {
    const { [mainFile(name)]: source_code = '', ...files } = all;
    const change_summary = this.summary.trim();
    const lab_id = this.#lab ?? null;
    return await createDefinition({
      ...{ name, source_code, files, lab_id },
      ...(change_summary && { change_summary }),
    });
  }
}

/** A working copy of a template. The template counts as unchanged text. */
function copyOfTemplate(kind: TemplateId, name: string): WorkingCopy {
  const files = { [mainFile(name)]: template(kind, name) };
  return { version: null, base: files, files };
}

customElements.define('new-page', NewPage);
