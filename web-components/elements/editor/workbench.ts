import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/tab-group/tab-group.js';
import '@awesome.me/webawesome/dist/components/tab-panel/tab-panel.js';
import '@awesome.me/webawesome/dist/components/tab/tab.js';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import type { ValidationResult } from '../../../registry/schemas/definitions.ts';
import '../../forms/metadata-form.ts';
import type { HeaderEvent } from '../../forms/metadata-form.ts';
import '../../forms/schema-form.ts';
import { writeHeader } from '../../../registry/definitions/header.ts';
import type { JsonObject } from '../../../registry/schemas/common.ts';
import type { Values } from '../../forms/schema-fields.ts';
import type { ValuesEvent } from '../../forms/schema-form.ts';
import { shared } from '../../styles/shared.ts';
import '../diagnostics.ts';
import type { DiagnosticEvent } from '../diagnostics.ts';
import '../problem.ts';
import './code-editor.ts';
import type { EditEvent } from './code-editor.ts';
import { type Finding, findingsOf } from './findings.ts';
import './file-tabs.ts';
import { FilesEvent } from './file-tabs.ts';
import { Linter } from './linter.ts';
import { workbenchStyles } from './workbench.styles.ts';

type Files = Readonly<Record<string, string>>;

/** How long to wait after the last key before asking the registry for findings, in milliseconds. */
const PAUSE = 500;

/**
 * The editor for the files of a definition. The editor shows findings while the user types, the settings form, and a
 * form for the header.
 *
 * @fires {FilesEvent} files-change - A file has changed; the event carries all files.
 */
export class RegistryWorkbench extends LitElement {
  static override properties = {
    main: {},
    files: { attribute: false },
    validate: { attribute: false },
    path: { state: true },
    findings: { state: true },
    settings: { state: true },
    asked: { state: true },
  };
  static override styles = [shared, workbenchStyles];

  /** The path of the file with the class. */
  declare main: string;
  declare files: Files;
  /** Asks the registry to validate all files. */
  declare validate: (files: Files) => Promise<ValidationResult>;
  declare path: string;
  /** What ruff finds in the open file. */
  declare findings: readonly Finding[];
  declare settings: Values;
  /** The files that the registry validates, as they were at the last pause in typing. */
  declare asked: Files | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #linter: Linter | undefined;

  readonly #validation = new Task(this, {
    task: async ([files]) => (files?.[this.main] ? await this.validate(files) : undefined),
    args: () => [this.asked] as const,
  });

  constructor() {
    super();
    this.findings = [];
    this.settings = {};
    this.asked = undefined;
  }

  override connectedCallback() {
    super.connectedCallback();
    this.#linter = new Linter((findings) => {
      this.findings = findings;
    });
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.#linter?.end();
    clearTimeout(this.#timer);
  }

  /** The last validation result of the registry, or undefined before the first one. */
  get result(): ValidationResult | undefined {
    return this.#validation.value;
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has('main') || this.files[this.path] === undefined) this.path = this.main;
    if (!changed.has('files') && !changed.has('path')) return;
    if (this.path.endsWith('.py')) this.#linter?.lint(this.files[this.path] ?? '');
    else this.findings = [];
    const { files } = this;
    clearTimeout(this.#timer);
    if (!this.asked?.[this.main]) this.asked = files;
    else if (files !== this.asked) {
      this.#timer = setTimeout(() => {
        this.asked = files;
      }, PAUSE);
    }
  }

  override render() {
    const source = this.files[this.path] ?? '';
    return html`<div class="code card">
        <registry-file-tabs
          .files=${this.files}
          .main=${this.main}
          .path=${this.path}
          @path-change=${({ target }: Event) => {
            this.path = (target as HTMLElementTagNameMap['registry-file-tabs']).path;
          }}
        ></registry-file-tabs>
        <registry-code-editor
          label=${`Contents of ${this.path}`}
          .path=${this.path}
          .text=${source}
          .findings=${this.#shown()}
          @edit=${({ text }: EditEvent) => this.#change(this.path, text)}
        ></registry-code-editor>
      </div>
      <div class="panel card">
        <wa-tab-group without-scroll-controls>
          <wa-tab panel="problems">Problems ${this.#count()}</wa-tab>
          <wa-tab panel="settings">Settings</wa-tab>
          <wa-tab panel="metadata">Metadata</wa-tab>
          <wa-tab-panel name="problems">${this.#problems()}</wa-tab-panel>
          <wa-tab-panel name="settings">${this.#form()}</wa-tab-panel>
          <wa-tab-panel name="metadata">
            <registry-metadata-form
              .text=${this.files[this.main] ?? ''}
              @header-change=${({ text }: HeaderEvent) => this.#change(this.main, text)}
            ></registry-metadata-form>
          </wa-tab-panel>
        </wa-tab-group>
      </div>`;
  }

  /** The findings to show: those of the registry if they are about the current files, and ruff's until then. */
  #shown(): readonly Finding[] {
    const { result, path, main, files, asked } = this;
    if (result === undefined || files !== asked) return this.findings;
    return findingsOf(result, path === main ? undefined : path);
  }

  #count() {
    const errors = this.#shown().filter(({ severity }) => severity === 'error').length;
    return errors === 0 ? nothing : html`(${errors})`;
  }

  #problems() {
    const found = this.#shown();
    const of = (wanted: Finding['severity']) => found.filter(({ severity }) => severity === wanted);
    return html`<registry-problem .error=${this.#validation.error}></registry-problem>
      ${found.length === 0 ? html`<p class="quiet" role="status">No problems found.</p>` : nothing}
      <registry-diagnostics
        .errors=${of('error')}
        .warnings=${of('warning')}
        @diagnostic-chosen=${({ diagnostic: { line, column } }: DiagnosticEvent) =>
          this.renderRoot.querySelector('registry-code-editor')?.goTo(line, column)}
      ></registry-diagnostics>`;
  }

  #form() {
    const info = this.result?.class_info;
    const schema = info?.settings_schema;
    if (!schema) {
      return html`<p class="quiet">
        The header has no <code>settings-schema</code> yet. Add a settings schema to give lab users a form for the settings.
      </p>`;
    }
    return html`<div class="form">
      <p class="small quiet">Lab users see this form.</p>
      <registry-schema-form
        .schema=${schema}
        .values=${{ ...info.default_settings, ...this.settings }}
        @values-change=${({ values }: ValuesEvent) => {
          this.settings = values;
        }}
      ></registry-schema-form>
      <wa-button
        size="s"
        ?disabled=${Object.keys(this.settings).length === 0}
        @click=${this.#makeDefaults}
        >Use as defaults</wa-button
      >
    </div>`;
  }

  #makeDefaults() {
    const text = this.files[this.main] ?? '';
    const defaults = { ...this.result?.class_info?.default_settings, ...this.settings };
    this.#change(this.main, writeHeader(text, { default_settings: defaults as JsonObject }));
    this.settings = {};
  }

  #change(path: string, text: string) {
    this.dispatchEvent(new FilesEvent({ ...this.files, [path]: text }));
  }
}

customElements.define('registry-workbench', RegistryWorkbench);

declare global {
  interface HTMLElementTagNameMap {
    'registry-workbench': RegistryWorkbench;
  }
}
