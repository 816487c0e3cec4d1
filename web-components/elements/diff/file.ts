import { revealed } from '../revealed.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { shared } from '../../styles/shared.ts';
import { badge } from '../badge.ts';
import {
  beginningOf,
  type DiffHunk,
  type DiffLine,
  type DiffPair,
  type DiffSection,
  type FileDiff,
} from './lines.ts';

export type Side = 'old' | 'new';
export type DiffView = 'unified' | 'split';

/** A line of a file, on one of its sides. */
export interface Place {
  path: string;
  side: Side;
  line: number;
}

export class PlaceEvent extends Event {
  readonly place: Place;
  constructor(place: Place) {
    super('place-chosen', { bubbles: true, composed: true });
    this.place = place;
  }
}

/** Longer differences are folded until somebody asks for them. */
const MOST_LINES = 600;
/** So many pairs of lines are laid out at once: more would make the page wait. */
const STEP = 1_000;
/** A hunk of more lines is laid out only where it is in sight. */
const LONG_HUNK = 300;

/**
 * What became of one file. Its text is hostile and only ever becomes text nodes. `<ins>` and `<del>` tell those who do not
 * see colours what a line is.
 *
 * @fires {PlaceEvent} place-chosen - A line was chosen, where `choosable` is set: by its number, or with the arrow keys and Enter.
 * @csspart lines - The scrolling box.
 */
export class RegistryDiffFile extends LitElement {
  static override properties = {
    file: { attribute: false },
    view: {},
    choosable: { type: Boolean },
    below: { attribute: false },
    open: { state: true },
    most: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host {
        overflow: clip;
        scroll-margin-block-start: calc(var(--registry-bar-height) + var(--wa-space-s));
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--wa-space-xs);
        padding: var(--wa-space-xs) var(--wa-space-s);
        border-block-end: 1px solid var(--wa-color-surface-border);
      }
      h2 {
        font: inherit;
        font-family: var(--wa-font-family-code);
        font-weight: var(--wa-font-weight-semibold);
      }
      h2:focus {
        outline: none;
      }
      header .counts {
        margin-inline-start: auto;
        font-variant-numeric: tabular-nums;
      }
      .folded {
        padding: var(--wa-space-m);
        text-align: center;
      }
      .lines {
        overflow-x: auto;
        font-family: var(--wa-font-family-code);
        font-size: 0.93em;
        font-variant-ligatures: none;
        line-height: 1.55;
        tab-size: 4;
      }
      .hunk {
        inline-size: max-content;
        min-inline-size: 100%;
      }
      .hunk.long {
        content-visibility: auto;
        contain-intrinsic-block-size: auto 5000px;
      }
      .hunk > .header {
        padding-inline: var(--wa-space-s);
        background: var(--registry-hover);
        color: var(--wa-color-text-quiet);
      }
      .hunk.halves {
        inline-size: 100%;
      }
      .split {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      }
      .split .text {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .line {
        display: flex;
        min-block-size: 1.55em;
        text-decoration: none;
      }
      ins.line {
        background: var(--registry-code-added);
      }
      del.line {
        background: var(--registry-code-removed);
      }
      .line.nothing {
        background: var(--registry-canvas);
      }
      .number {
        flex: none;
        inline-size: 3.5em;
        padding: 0 0.75em 0 0;
        border: 0;
        background: none;
        color: var(--wa-color-text-quiet);
        font: inherit;
        text-align: end;
        user-select: none;
      }
      button.number {
        cursor: pointer;
      }
      button.number:hover,
      button.number:focus-visible {
        background: var(--wa-color-brand-fill-loud);
        color: var(--wa-color-brand-on-loud);
      }
      .sign {
        flex: none;
        inline-size: 1.2em;
        user-select: none;
      }
      .text {
        white-space: pre;
        padding-inline-end: var(--wa-space-m);
      }
      ins mark {
        background: var(--registry-code-added-word);
        color: inherit;
      }
      del mark {
        background: var(--registry-code-removed-word);
        color: inherit;
      }
      .below {
        grid-column: 1 / -1;
        position: sticky;
        inset-inline-start: 0;
        max-inline-size: min(60rem, 100cqi);
        font-family: var(--wa-font-family-body);
        font-size: var(--wa-font-size-m);
        line-height: var(--wa-line-height-normal);
      }
      .box {
        container-type: inline-size;
      }
    `,
  ];

  declare file: FileDiff;
  declare view: DiffView;
  /** Whether lines can be chosen. */
  declare choosable: boolean;
  /** What stands below a line, such as what was said of it. */
  declare below: ((place: Place) => unknown) | undefined;
  declare open: boolean | undefined;
  /** How many pairs of lines are laid out. */
  declare most: number;

  constructor() {
    super();
    this.view = 'unified';
    this.choosable = false;
    this.most = STEP;
  }

  /** Shows what was folded. */
  unfold(): void {
    this.open = true;
  }

  override render() {
    const { path, oldPath, status, added, removed } = this.file;
    return html`<header>
        <h2 tabindex="-1">${revealed(status === 'renamed' ? `${oldPath} → ${path}` : path)}</h2>
        ${status === 'modified' ? nothing : badge(status)}
        <span class="counts small quiet">
          <span class="visually-hidden">Lines added: </span>+${added}
          <span class="visually-hidden">Lines removed: </span>−${removed}
        </span>
      </header>
      ${this.#body()}`;
  }

  #body() {
    const { isBinary, hunks, added, removed } = this.file;
    if (isBinary)
      return html`<p class="folded quiet">This is no text: it cannot be compared here.</p>`;
    if (hunks.length === 0) return html`<p class="folded quiet">The content is the same.</p>`;
    if (!(this.open ?? added + removed <= MOST_LINES)) {
      return html`<p class="folded">
        <wa-button size="s" @click=${this.unfold}>Show ${added + removed} changed lines</wa-button>
      </p>`;
    }
    const { hunks: shown, left } = beginningOf(hunks, this.most);
    return html`<div class="box">
        <div class="lines" part="lines" tabindex="0" role="group" aria-label=${`Difference of ${this.file.path}`} @keydown=${this.#step}>
          ${shown.map((hunk) => this.#hunk(hunk))}
        </div>
      </div>
      ${
        left > 0
          ? html`<p class="folded">
              <wa-button size="s" @click=${this.#more}>Show more: ${left.toLocaleString()} lines are left</wa-button>
            </p>`
          : nothing
      }`;
  }

  #more() {
    this.most += STEP;
  }

  #hunk({ header, sections }: DiffHunk) {
    const show = this.view === 'split' ? this.#split : this.#unified;
    const lines = sections.reduce((sum, { pairs }) => sum + pairs.length, 0);
    const classes = { hunk: true, halves: this.view === 'split', long: lines > LONG_HUNK };
    return html`<div class=${classMap(classes)}>
      <div class="header">${revealed(header)}</div>
      ${sections.map((section) => show.call(this, section))}
    </div>`;
  }

  #unified({ changed, pairs }: DiffSection) {
    if (!changed) return pairs.map((pair) => html`${this.#same(pair)}${this.#said(pair)}`);
    const of = (side: Side) =>
      pairs.map((pair) => {
        const line = pair[side];
        return line && html`${this.#changed(line, side)}${this.#said({ [side]: line })}`;
      });
    return [of('old'), of('new')];
  }

  #split({ changed, pairs }: DiffSection) {
    const half = (line: DiffLine | undefined, side: Side) => {
      if (!line) return html`<div class="line nothing"></div>`;
      return changed
        ? this.#changed(line, side)
        : html`<div class="line">${this.#content(line, side)}</div>`;
    };
    return pairs.map(
      (pair) => html`<div class="split">
        ${half(pair.old, 'old')}${half(pair.new, 'new')}${this.#said(pair)}
      </div>`,
    );
  }

  #same({ old, new: now }: DiffPair) {
    return html`<div class="line">
      ${old && this.#number(old, 'old')}${now && this.#content(now, 'new')}
    </div>`;
  }

  #changed(line: DiffLine, side: Side) {
    const gap = this.view === 'unified' ? html`<span class="number"></span>` : nothing;
    return side === 'old'
      ? html`<del class="line">${this.#number(line, side)}${gap}${this.#text(line, '−')}</del>`
      : html`<ins class="line">${gap}${this.#number(line, side)}${this.#text(line, '+')}</ins>`;
  }

  #content(line: DiffLine, side: Side) {
    return html`${this.#number(line, side)}${this.#text(line, '')}`;
  }

  #number({ number }: DiffLine, side: Side) {
    if (!this.choosable) return html`<span class="number">${number}</span>`;
    const choose = () =>
      this.dispatchEvent(new PlaceEvent({ path: this.file.path, side, line: number }));
    return html`<button
      class="number"
      tabindex="-1"
      aria-label=${`Comment on line ${number}${side === 'old' ? ' of the old file' : ''}`}
      @click=${choose}
    >
      ${number}
    </button>`;
  }

  #text({ pieces }: DiffLine, sign: string) {
    return html`<span class="sign" aria-hidden="true">${sign}</span
      ><span class="text"
        >${pieces.map(([text, changed]) => (changed ? html`<mark>${revealed(text)}</mark>` : revealed(text)))}</span
      >`;
  }

  /** What was said of a line, of either side; a line that stayed is on both. */
  #said(pair: DiffPair) {
    const { below, file } = this;
    if (!below) return nothing;
    return (['old', 'new'] as const).map((side) => {
      const line = pair[side];
      const said = line && below({ path: file.path, side, line: line.number });
      return said ? html`<div class="below">${said}</div>` : nothing;
    });
  }

  /** Lines are one stop of the Tab key; from there the arrow keys go from number to number. */
  #step(event: KeyboardEvent) {
    if (!this.choosable || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
    const buttons = [...this.renderRoot.querySelectorAll<HTMLElement>('button.number')];
    const at = buttons.indexOf((this.renderRoot as ShadowRoot).activeElement as HTMLElement);
    if (at === -1 && event.target !== event.currentTarget) return;
    event.preventDefault();
    buttons[Math.max(0, at + (event.key === 'ArrowDown' ? 1 : -1))]?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    // Another file in the same place starts as every file does.
    if (!changed.get('file') || changed.get('file')?.path === this.file.path) return;
    this.open = undefined;
    this.most = STEP;
  }
}

customElements.define('registry-diff-file', RegistryDiffFile);

declare global {
  interface HTMLElementTagNameMap {
    'registry-diff-file': RegistryDiffFile;
  }
}
