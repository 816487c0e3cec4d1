import '@awesome.me/webawesome/dist/components/radio-group/radio-group.js';
import '@awesome.me/webawesome/dist/components/radio/radio.js';
import { css, html, LitElement, nothing } from 'lit';
import { shared } from '../../styles/shared.ts';
import './file.ts';
import type { DiffView } from './file.ts';
import { type FileDiff, readDiff } from './lines.ts';
import type { Place } from './place.ts';

const VIEW = 'registry.diff-view';
/** Matches screens that are too narrow for two columns. */
const NARROW = matchMedia('(max-width: 44rem)');

/**
 * A unified diff, file by file. The browser remembers whether the user chose the unified or the side-by-side view.
 *
 * @fires {PlaceEvent} place-chosen - From `registry-diff-file`.
 *
 * @slot - Content beside the choice of view.
 */
export class RegistryDiff extends LitElement {
  static override properties = {
    diff: {},
    choosable: { type: Boolean },
    below: { attribute: false },
    view: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--wa-space-m);
      }
      .bar {
        justify-content: space-between;
      }
      wa-radio-group::part(form-control-label) {
        display: none;
      }
    `,
  ];

  declare diff: string;
  declare choosable: boolean;
  declare below: ((place: Place) => unknown) | undefined;
  declare view: DiffView;
  #files: readonly FileDiff[] = [];
  #read = '';

  constructor() {
    super();
    this.diff = '';
    this.choosable = false;
    this.view = localStorage.getItem(VIEW) === 'split' ? 'split' : 'unified';
  }

  /** The changed files, in the order of the diff. */
  get files(): readonly FileDiff[] {
    if (this.#read !== this.diff) this.#files = readDiff(this.diff);
    this.#read = this.diff;
    return this.#files;
  }

  /** Scrolls to a file and focuses its name. */
  async show(path: string): Promise<void> {
    await this.updateComplete;
    const file = [...this.renderRoot.querySelectorAll('registry-diff-file')].find(
      (element) => element.file.path === path,
    );
    await file?.updateComplete;
    file?.scrollIntoView({ block: 'start' });
    file?.renderRoot.querySelector('h2')?.focus({ preventScroll: true });
  }

  readonly #onResize = () => this.requestUpdate();

  override connectedCallback() {
    super.connectedCallback();
    NARROW.addEventListener('change', this.#onResize);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    NARROW.removeEventListener('change', this.#onResize);
  }

  override render() {
    const view = NARROW.matches ? 'unified' : this.view;
    return html`<div class="row bar">
        <div><slot></slot></div>
        ${NARROW.matches ? nothing : this.#choice()}
      </div>
      ${this.files.map(
        (file) => html`<registry-diff-file
          class="card"
          .file=${file}
          .view=${view}
          .choosable=${this.choosable}
          .below=${this.below}
        ></registry-diff-file>`,
      )}`;
  }

  #choice() {
    return html`<wa-radio-group
          label="View"
          orientation="horizontal"
          size="s"
          class="view"
          .value=${this.view}
          @change=${this.#choose}
        >
          <wa-radio appearance="button" value="unified">Unified</wa-radio>
          <wa-radio appearance="button" value="split">Side by side</wa-radio>
        </wa-radio-group>`;
  }

  #choose(event: Event) {
    this.view = (event.target as HTMLInputElement).value as DiffView;
    localStorage.setItem(VIEW, this.view);
  }
}

customElements.define('registry-diff', RegistryDiff);

declare global {
  interface HTMLElementTagNameMap {
    'registry-diff': RegistryDiff;
  }
}
