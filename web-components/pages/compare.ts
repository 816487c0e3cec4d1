import { Task } from '@lit/task';
import { revealHidden } from '../elements/reveal-hidden.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import { css, html, nothing } from 'lit';
import { goTo, setQuery } from '../app/go.ts';
import { Page } from '../app/page.ts';
import {
  compareVersions,
  type Definition,
  readDefinition,
  readVersion,
  rollBack,
  type VersionSummary,
} from '../data/definitions.ts';
import { LiveController } from '../data/events.ts';
import { canLandDirectly } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import { badge } from '../elements/badge.ts';
import { confirm } from '../elements/confirm.ts';
import '../elements/diff/diff.ts';
import { icon } from '../elements/icon.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import { ago } from '../elements/time.ts';
import { shared } from '../styles/shared.ts';

/**
 * `/definitions/<Name>/compare?from=1&to=3`: the diff of two versions. Without parameters, the page shows the changes
 * of the newest version.
 */
export class ComparePage extends Page {
  static override properties = { name: {}, query: { attribute: false } };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--wa-space-m);
      }
      .choice {
        display: flex;
        flex-wrap: wrap;
        gap: var(--wa-space-m);
      }
      .version {
        display: grid;
        flex: 1 1 9rem;
        max-inline-size: 18rem;
        gap: var(--wa-space-2xs);
        align-content: start;
        min-inline-size: 0;
      }
      .version wa-input {
        max-inline-size: 8rem;
      }
      .deeds {
        display: flex;
        flex-wrap: wrap;
        gap: var(--wa-space-xs);
      }
      @media (min-width: 44rem) {
        .deeds {
          /* Aligns the buttons with the fields, because a field has its label above it. */
          margin-block-start: 1.6rem;
        }
      }
    `,
  ];
  declare name: string;
  declare query: URLSearchParams;
  readonly #session = new SessionController(this);

  readonly #page = new Task(this, {
    task: async ([name]) => {
      const definition = await readDefinition(name);
      return { definition, canLandDirectly: await this.#canLandDirectly(definition) };
    },
    args: () => [this.name] as const,
  });

  readonly #compared = new Task(this, {
    task: async ([id, from, to]) => {
      if (id === undefined) return undefined;
      const [old, now, diff] = await Promise.all([
        readVersion(id, from),
        readVersion(id, to),
        from === to ? '' : compareVersions(id, from, to),
      ]);
      return { from: old, to: now, diff };
    },
    args: () => {
      const { from, to } = this.#chosen;
      return [this.#page.value?.definition.id, from, to] as const;
    },
  });

  constructor() {
    super();
    new LiveController(this, ['definition.landed'], () => void this.#page.run());
  }

  get #chosen() {
    const newest = this.#page.value?.definition.version ?? 1;
    const number = (key: string, fallback: number) => Number(this.query.get(key)) || fallback;
    const to = number('to', newest);
    return { from: number('from', Math.max(1, to - 1)), to };
  }

  /** Whether a rollback by the user becomes a version without review, or undefined if the user may not roll back. */
  async #canLandDirectly({ lab_id }: Definition): Promise<boolean | undefined> {
    if (!this.#session.may('admin', lab_id)) return undefined;
    return await canLandDirectly(lab_id);
  }

  override render() {
    return html`<header>
        <a class="small" href="/definitions/${encodeURIComponent(this.name)}">${this.name}</a>
        <h1 tabindex="-1">Compare versions</h1>
      </header>
      ${whenLoaded(this.#page, ({ definition, canLandDirectly }) =>
        (definition.version ?? 0) < 2
          ? empty(
              'versions',
              'Only one version',
              html`You can compare versions here after a second version lands.`,
            )
          : this.#comparison(definition, canLandDirectly),
      )}`;
  }

  #comparison(definition: Definition, canLandDirectly: boolean | undefined) {
    const { from, to } = this.#chosen;
    const compared = this.#compared.value;
    return html`<div class="choice">
        ${this.#version('From version', 'from', from, compared?.from, definition)}
        ${this.#version('To version', 'to', to, compared?.to, definition)}
        <div class="deeds">
          <wa-button
            appearance="plain"
            @click=${() => setQuery({ from: String(to), to: String(from) })}
            >${icon('sync', 'start')} Swap</wa-button
          >
          ${canLandDirectly === undefined ? nothing : this.#rollback(definition, compared?.from, canLandDirectly)}
        </div>
      </div>
      ${whenLoaded(this.#compared, (compared) =>
        compared?.diff === ''
          ? empty('check', 'No differences', html`Versions ${from} and ${to} have the same files.`)
          : html`<registry-diff .diff=${compared?.diff ?? ''}><span class="quiet">Changes from version ${from} to version ${to}</span></registry-diff>`,
      )}`;
  }

  /**
   * The input for a version number, and a summary of that version. A list to choose from would be too long, because a
   * definition may have thousands of versions.
   */
  #version(
    label: string,
    key: 'from' | 'to',
    number: number,
    loaded: VersionSummary | undefined,
    { version: newest }: Definition,
  ) {
    const choose = (event: Event) => setQuery({ [key]: (event.target as HTMLInputElement).value });
    return html`<div class="version">
      <wa-input
        type="number"
        label=${label}
        min="1"
        max=${newest ?? 1}
        step="1"
        .value=${String(number)}
        @change=${choose}
      ></wa-input>
      ${loaded?.version === number ? summaryOf(loaded) : nothing}
    </div>`;
  }

  #rollback(definition: Definition, chosen: VersionSummary | undefined, canLandDirectly: boolean) {
    if (!chosen || chosen.revoked || chosen.version === definition.version) return nothing;
    const { version } = chosen;
    return html`<wa-button
      @click=${() => this.#askForRollback(definition, version, canLandDirectly)}
      >${icon('undo', 'start')} ${canLandDirectly ? `Roll back to v${version}` : `Propose rollback to v${version}`}</wa-button
    >`;
  }

  async #askForRollback(
    { id, name, version: newest }: Definition,
    version: number,
    lands: boolean,
  ) {
    let next = `/definitions/${encodeURIComponent(name)}`;
    const done = await confirm({
      title: `Roll back ${name} to version ${version}`,
      text: lands
        ? `The rollback creates version ${(newest ?? 0) + 1} with the files of version ${version}. The history stays complete. To undo the rollback, roll back to version ${newest ?? 0}.`
        : `The rollback opens a merge request with the files of version ${version}. The merge request can land after it is approved.`,
      action: lands ? `Roll back to v${version}` : 'Open merge request',
      reason: 'required',
      act: async (reason) => {
        const { merge_request } = await rollBack(id, version, reason);
        if (merge_request) next = `/merge-requests/${merge_request.id}`;
      },
    });
    if (done) goTo(next);
  }
}

function summaryOf({ change_summary, author, created_at, revoked, deprecated }: VersionSummary) {
  return html`<p class="small">
    ${revoked ? badge('revoked', 'danger', 'circleSlash') : nothing}
    ${deprecated ? badge('deprecated', 'warning', 'alert') : nothing}
    ${revealHidden(change_summary.split('\n', 1)[0] || 'No summary')}
    <span class="quiet">· ${revealHidden(author.name)}, ${ago(created_at)}</span>
  </p>`;
}

customElements.define('compare-page', ComparePage);
