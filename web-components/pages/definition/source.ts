import { css, html, LitElement, nothing } from 'lit';
import type { Definition } from '../../data/definitions.ts';
import '../../elements/code.ts';
import { icon } from '../../elements/icon.ts';
import { empty } from '../../elements/states.ts';
import { shared } from '../../styles/shared.ts';
import { addressOf } from './address.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';

/** The files of a version. */
export class DefinitionSource extends LitElement {
  static override properties = {
    definition: { attribute: false },
    path: {},
    version: { attribute: false },
  };
  static override styles = [
    shared,
    css`
      .bar {
        padding: var(--wa-space-2xs) var(--wa-space-s);
        border-block-end: 1px solid var(--wa-color-surface-border);
      }
      .files {
        display: flex;
        flex-wrap: wrap;
        gap: var(--wa-space-2xs);
        min-inline-size: 0;
      }
      .files a {
        padding: var(--wa-space-2xs) var(--wa-space-xs);
        border-radius: var(--wa-border-radius-m);
        color: var(--wa-color-text-quiet);
        overflow-wrap: anywhere;
      }
      .files a[aria-current] {
        background: var(--wa-color-brand-fill-quiet);
        color: var(--wa-color-brand-on-quiet);
      }
      .end {
        margin-inline-start: auto;
      }
      .card {
        overflow: hidden;
      }
    `,
  ];
  declare definition: Definition;
  /** The path of the requested file. If the file does not exist, the main file is shown. */
  declare path: string;
  /** The version in the address, or undefined for the newest one. */
  declare version: number | undefined;

  override render() {
    const { id, name, source_code, files } = this.definition;
    const own = `${name}.py`;
    const texts: Record<string, string> = { [own]: source_code, ...files };
    const path = Object.hasOwn(texts, this.path) ? this.path : own;
    const text = texts[path] ?? '';
    return html`<div class="card">
      <div class="row bar">
        <nav class="files" aria-label="Files">${Object.keys(texts).map((file) => this.#file(file, file === path))}</nav>
        <span class="end row">
          <span class="quiet small">${countOf(text)}</span>
          ${this.definition.version === null ? nothing : this.#downloads(id, this.definition.version)}
        </span>
      </div>
      ${
        text === ''
          ? empty('file', 'This file is empty', nothing)
          : html`<registry-code .source=${text} .path=${path}></registry-code>`
      }
    </div>`;
  }

  #file(file: string, isShown: boolean) {
    const { name } = this.definition;
    const address = addressOf({
      name,
      view: 'code',
      version: this.version,
      file: file === `${name}.py` ? '' : file,
    });
    return html`<a href=${address} aria-current=${isShown ? 'page' : nothing}><code>${file}</code></a>`;
  }

  #downloads(id: number, version: number) {
    const api = `/api/instrument-definitions/${id}`;
    return html`<wa-button
      size="s"
      appearance="plain"
      href="${api}/snapshot?version=${version}"
      download
      >${icon('download', 'start')} Download all</wa-button
    >`;
  }
}

function countOf(text: string): string {
  const lines = text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
  return `${lines.toLocaleString()} ${lines === 1 ? 'line' : 'lines'}`;
}

customElements.define('definition-source', DefinitionSource);

declare global {
  interface HTMLElementTagNameMap {
    'definition-source': DefinitionSource;
  }
}
