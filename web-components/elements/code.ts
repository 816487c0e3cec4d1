import { css, html, LitElement, type PropertyValues } from 'lit';
import { codeColours } from '../styles/code.ts';
import { shared } from '../styles/shared.ts';
import type { Piece } from './highlight.ts';
import { revealHiddenNodes } from './reveal-hidden.ts';

/** The number of lines in a block. The browser lays out a block only while the block is in view. */
const BLOCK = 100;

/**
 * A text of up to `FEW` blocks is always laid out as a whole, which is faster than checking which blocks are in view.
 */
const FEW = 20;

/**
 * Source code with line numbers. Python is highlighted. The text may be hostile, so it only becomes text nodes.
 *
 * @csspart code - The scroll container.
 */
export class RegistryCode extends LitElement {
  static override properties = { source: {}, path: {}, marked: { type: Number } };
  static override styles = [
    shared,
    codeColours,
    css`
      pre {
        margin: 0;
        padding-block: var(--wa-space-xs);
        overflow-x: auto;
        line-height: 1.55;
        tab-size: 4;
      }
      .block {
        inline-size: max-content;
        min-inline-size: 100%;
      }
      .many .block {
        content-visibility: auto;
        contain-intrinsic-block-size: auto 1900px;
      }
      .line {
        display: block;
        min-block-size: 1.55em;
        padding-inline: 4.5em var(--wa-space-m);
      }
      .line::before {
        content: attr(data-line);
        display: inline-block;
        inline-size: 3em;
        margin-inline: -4em 1em;
        color: var(--wa-color-text-quiet);
        text-align: end;
        user-select: none;
      }
      .line.marked {
        background: var(--wa-color-warning-fill-quiet);
      }
    `,
  ];

  declare source: string;
  /** The path of the file. The extension of the file determines the language. */
  declare path: string;
  /** The number of the highlighted line, from 1. */
  declare marked: number | undefined;

  constructor() {
    super();
    this.source = '';
    this.path = '';
  }

  override render() {
    return html`<pre part="code" tabindex="0" role="region" aria-label=${this.path || 'Code'}></pre>`;
  }

  protected override async updated(changed: PropertyValues<this>) {
    if (changed.has('source') || changed.has('path')) await this.#fill(this.source);
    this.#mark();
  }

  /** Shows plain text at once and highlights it when the grammar has loaded. */
  async #fill(source: string) {
    const pre = this.renderRoot.querySelector('pre');
    if (!pre) return;
    const shown = blocks(plain(source));
    pre.classList.toggle('many', shown.length > FEW);
    pre.replaceChildren(...shown);
    if (!this.path.endsWith('.py')) return;
    const { highlightPython } = await import('./highlight.ts');
    if (source !== this.source) return;
    pre.replaceChildren(...blocks(highlightPython(source)));
  }

  #mark() {
    this.renderRoot.querySelector('.marked')?.classList.remove('marked');
    const line = this.renderRoot.querySelector(`[data-line="${this.marked ?? 0}"]`);
    line?.classList.add('marked');
    line?.scrollIntoView({ block: 'center' });
  }
}

const plain = (source: string): Piece[][] => source.split('\n').map((line) => [[line, '']]);

function blocks(lines: Piece[][]): HTMLElement[] {
  // A newline at the end of the text starts no further line.
  if (lines.at(-1)?.every(([text]) => text === '')) lines.pop();
  const made: HTMLElement[] = [];
  for (let from = 0; from < lines.length; from += BLOCK) {
    const block = document.createElement('div');
    block.className = 'block';
    block.append(
      ...lines.slice(from, from + BLOCK).map((pieces, index) => line(pieces, from + index + 1)),
    );
    made.push(block);
  }
  return made;
}

function line(pieces: Piece[], number: number): HTMLElement {
  const element = document.createElement('code');
  element.className = 'line';
  element.dataset.line = String(number);
  for (const [text, classes] of pieces) {
    if (classes === '') element.append(...revealHiddenNodes(text));
    else {
      const span = document.createElement('span');
      span.className = classes;
      span.append(...revealHiddenNodes(text));
      element.append(span);
    }
  }
  element.append('\n');
  return element;
}

customElements.define('registry-code', RegistryCode);

declare global {
  interface HTMLElementTagNameMap {
    'registry-code': RegistryCode;
  }
}
