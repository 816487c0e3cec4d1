import { revealHidden } from '../reveal-hidden.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { shared } from '../../styles/shared.ts';
import { badge } from '../badge.ts';
import { diffFileStyles } from './file.styles.ts';
import {
  beginningOf,
  type DiffHunk,
  type DiffLine,
  type DiffPair,
  type DiffSection,
  type FileDiff,
} from './lines.ts';
import { type Place, PlaceEvent, type Side } from './place.ts';

export type DiffView = 'unified' | 'split';

/** A diff with more than `MOST_LINES` changed lines is folded at first. */
const MOST_LINES = 600;
/** How many pairs of lines are rendered at once. Rendering more pairs at once would block the page. */
const STEP = 1_000;
/** A hunk with more than `LONG_HUNK` lines is laid out only while it is in view. */
const LONG_HUNK = 300;

/**
 * The diff of one file. The text of a diff may be hostile, so it only becomes text nodes. Changed lines are `<ins>` and
 * `<del>` elements, for users who cannot see colours.
 *
 * @fires {PlaceEvent} place-chosen - With `choosable`: the user chose a line, by its number or with the arrow keys and
 * Enter.
 *
 * @csspart lines - The scroll container.
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
  static override styles = [shared, diffFileStyles];

  declare file: FileDiff;
  declare view: DiffView;
  /** Whether the user can choose lines. */
  declare choosable: boolean;
  /** Renders the content below a line, such as its threads. */
  declare below: ((place: Place) => unknown) | undefined;
  declare open: boolean | undefined;
  /** How many pairs of lines are rendered. */
  declare most: number;

  constructor() {
    super();
    this.view = 'unified';
    this.choosable = false;
    this.most = STEP;
  }

  /** Shows the lines of a folded diff. */
  unfold(): void {
    this.open = true;
  }

  override render() {
    const { path, oldPath, status, added, removed } = this.file;
    return html`<header>
        <h2 tabindex="-1">${revealHidden(status === 'renamed' ? `${oldPath} → ${path}` : path)}</h2>
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
    if (isBinary) return html`<p class="folded quiet">Binary file not shown.</p>`;
    if (hunks.length === 0) return html`<p class="folded quiet">The content has not changed.</p>`;
    if (!(this.open ?? added + removed <= MOST_LINES)) {
      return html`<p class="folded">
        <wa-button size="s" @click=${this.unfold}>Show ${added + removed} changed lines</wa-button>
      </p>`;
    }
    const { hunks: shown, left } = beginningOf(hunks, this.most);
    return html`<div class="box">
        <div class="lines" part="lines" tabindex="0" role="group" aria-label=${`Diff of ${this.file.path}`} @keydown=${this.#moveFocus}>
          ${shown.map((hunk) => this.#hunk(hunk))}
        </div>
      </div>
      ${
        left > 0
          ? html`<p class="folded">
              <wa-button size="s" @click=${this.#more}>Show more (${left.toLocaleString()} lines left)</wa-button>
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
      <div class="header">${revealHidden(header)}</div>
      ${sections.map((section) => show.call(this, section))}
    </div>`;
  }

  #unified({ changed, pairs }: DiffSection) {
    if (!changed)
      return pairs.map((pair) => html`${this.#contextLine(pair)}${this.#contentBelow(pair)}`);
    const of = (side: Side) =>
      pairs.map((pair) => {
        const line = pair[side];
        return (
          line && html`${this.#changedLine(line, side)}${this.#contentBelow({ [side]: line })}`
        );
      });
    return [of('old'), of('new')];
  }

  #split({ changed, pairs }: DiffSection) {
    const half = (line: DiffLine | undefined, side: Side) => {
      if (!line) return html`<div class="line nothing"></div>`;
      return changed
        ? this.#changedLine(line, side)
        : html`<div class="line">${this.#content(line, side)}</div>`;
    };
    return pairs.map(
      (pair) => html`<div class="split">
        ${half(pair.old, 'old')}${half(pair.new, 'new')}${this.#contentBelow(pair)}
      </div>`,
    );
  }

  #contextLine({ old, new: now }: DiffPair) {
    return html`<div class="line">
      ${old && this.#number(old, 'old')}${now && this.#content(now, 'new')}
    </div>`;
  }

  #changedLine(line: DiffLine, side: Side) {
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
      aria-label=${`Comment on line ${number}${side === 'old' ? ' of the old version' : ''}`}
      @click=${choose}
    >
      ${number}
    </button>`;
  }

  #text({ pieces }: DiffLine, sign: string) {
    return html`<span class="sign" aria-hidden="true">${sign}</span
      ><span class="text"
        >${pieces.map(([text, changed]) => (changed ? html`<mark>${revealHidden(text)}</mark>` : revealHidden(text)))}</span
      >`;
  }

  /** The content below a pair of lines. An unchanged line is in the old and in the new file. */
  #contentBelow(pair: DiffPair) {
    const { below, file } = this;
    if (!below) return nothing;
    return (['old', 'new'] as const).map((side) => {
      const line = pair[side];
      const content = line && below({ path: file.path, side, line: line.number });
      return content ? html`<div class="below">${content}</div>` : nothing;
    });
  }

  /** Moves the focus between line numbers with the arrow keys. Tab enters and leaves the lines in one step. */
  #moveFocus(event: KeyboardEvent) {
    if (!this.choosable || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
    const buttons = [...this.renderRoot.querySelectorAll<HTMLElement>('button.number')];
    const at = buttons.indexOf((this.renderRoot as ShadowRoot).activeElement as HTMLElement);
    if (at === -1 && event.target !== event.currentTarget) return;
    event.preventDefault();
    buttons[Math.max(0, at + (event.key === 'ArrowDown' ? 1 : -1))]?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    // When the element shows another file, that file starts folded or unfolded according to its size.
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
