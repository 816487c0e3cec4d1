import { revealHidden } from '../reveal-hidden.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/dialog/dialog.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import { css, html, LitElement, nothing } from 'lit';
import { shared } from '../../styles/shared.ts';
import { confirm } from '../confirm.ts';
import { icon } from '../icon.ts';

export class FilesEvent extends Event {
  readonly files: Readonly<Record<string, string>>;
  constructor(files: Readonly<Record<string, string>>) {
    super('files-change', { bubbles: true, composed: true });
    this.files = files;
  }
}

/**
 * The files of a definition, with buttons to open, add and delete one.
 *
 * @fires path-change - The user opened another file: `path`.
 * @fires {FilesEvent} files-change - The user added or deleted a file.
 */
export class RegistryFileTabs extends LitElement {
  static override properties = {
    files: { attribute: false },
    main: {},
    path: {},
    adding: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--wa-space-2xs);
        padding: var(--wa-space-2xs) var(--wa-space-xs);
        border-block-end: 1px solid var(--wa-color-surface-border);
      }
      .file {
        padding: var(--wa-space-2xs) var(--wa-space-xs);
        border: 0;
        border-radius: var(--wa-border-radius-m);
        background: none;
        color: var(--wa-color-text-normal);
        font: inherit;
        font-family: var(--wa-font-family-code);
        font-size: 0.93em;
        cursor: pointer;
      }
      .file:hover {
        background: var(--registry-hover);
      }
      .file[aria-pressed="true"] {
        background: var(--wa-color-brand-fill-quiet);
        color: var(--wa-color-brand-on-quiet);
      }
    `,
  ];

  declare files: Readonly<Record<string, string>>;
  /** The path of the file with the class. The user cannot delete this file. */
  declare main: string;
  declare path: string;
  declare adding: boolean;

  override render() {
    const paths = [
      this.main,
      ...Object.keys(this.files)
        .filter((path) => path !== this.main)
        .sort(),
    ];
    return html`${paths.map(
      (path) => html`<button
        class="file"
        aria-pressed=${path === this.path}
        @click=${() => this.#open(path)}
      >
        ${revealHidden(path)}
      </button>`,
    )}
      <wa-button size="s" appearance="plain" @click=${this.#ask}>${icon('plus', 'start')} Add file</wa-button>
      ${
        this.path === this.main
          ? nothing
          : html`<wa-button size="s" appearance="plain" @click=${this.#remove}>${icon('trash', 'start')} Delete ${revealHidden(this.path)}</wa-button>`
      }
      ${this.adding ? this.#dialog() : nothing}`;
  }

  #dialog() {
    const closed = (event: Event) => {
      if (event.target === event.currentTarget) this.adding = false;
    };
    return html`<wa-dialog label="Add file" open @wa-after-hide=${closed}>
      <form id="add" @submit=${this.#add}>
        <wa-input
          name="path"
          label="File name"
          hint="For example, driver.py or tests/test_driver.py"
          required
          maxlength="255"
          autofocus
        ></wa-input>
      </form>
      <wa-button slot="footer" variant="brand" type="submit" form="add">Add file</wa-button>
    </wa-dialog>`;
  }

  #ask() {
    this.adding = true;
  }

  #add(event: SubmitEvent) {
    event.preventDefault();
    const path = String(new FormData(event.target as HTMLFormElement).get('path')).trim();
    this.adding = false;
    if (path === '') return;
    if (this.files[path] === undefined)
      this.dispatchEvent(new FilesEvent({ ...this.files, [path]: '' }));
    this.#open(path);
  }

  async #remove() {
    const { path } = this;
    await confirm({
      title: `Delete ${path}`,
      text: 'The file is deleted when you save. Older versions keep the file.',
      action: 'Delete file',
      danger: true,
      act: async () => {
        const { [path]: _, ...files } = this.files;
        this.#open(this.main);
        this.dispatchEvent(new FilesEvent(files));
      },
    });
  }

  #open(path: string) {
    this.path = path;
    this.dispatchEvent(new Event('path-change'));
  }
}

customElements.define('registry-file-tabs', RegistryFileTabs);

declare global {
  interface HTMLElementTagNameMap {
    'registry-file-tabs': RegistryFileTabs;
  }
}
