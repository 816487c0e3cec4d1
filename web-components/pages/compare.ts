import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { css, html, nothing } from 'lit';
import { goTo, setQuery } from '../app/go.ts';
import { Page } from '../app/page.ts';
import {
  compareVersions,
  type Definition,
  listVersions,
  readDefinition,
  rollBack,
  type VersionSummary,
} from '../data/definitions.ts';
import { LiveController } from '../data/events.ts';
import { landsDirectly } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import { confirm } from '../elements/confirm.ts';
import '../elements/diff/diff.ts';
import { icon } from '../elements/icon.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import { shared } from '../styles/shared.ts';

/** `/definitions/<Name>/compare?from=1&to=3`: what lies between two versions; without a query, what the newest changed. */
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
        align-items: end;
      }
      wa-select {
        inline-size: 13rem;
      }
    `,
  ];
  declare name: string;
  declare query: URLSearchParams;
  readonly #session = new SessionController(this);

  readonly #page = new Task(this, {
    task: async ([name]) => {
      const definition = await readDefinition(name);
      const [{ items }, landsDirectly] = await Promise.all([
        listVersions(definition.id),
        this.#landsDirectly(definition),
      ]);
      return { definition, versions: items, landsDirectly };
    },
    args: () => [this.name] as const,
  });

  readonly #diff = new Task(this, {
    task: async ([id, from, to]) =>
      id === undefined || from === to ? '' : await compareVersions(id, from, to),
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

  /** Whether what this person saves in the lab becomes a version at once; undefined for whoever may not roll back. */
  async #landsDirectly({ lab_id }: Definition): Promise<boolean | undefined> {
    if (!this.#session.may('admin', lab_id)) return undefined;
    return await landsDirectly(lab_id);
  }

  override render() {
    return html`<header>
        <a class="small" href="/definitions/${encodeURIComponent(this.name)}">${this.name}</a>
        <h1 tabindex="-1">Compare versions</h1>
      </header>
      ${whenLoaded(this.#page, ({ definition, versions, landsDirectly }) =>
        versions.length < 2
          ? empty(
              'versions',
              'There is only one version',
              html`As soon as another lands, both can be compared here.`,
            )
          : this.#comparison(definition, versions, landsDirectly),
      )}`;
  }

  #comparison(
    definition: Definition,
    versions: readonly VersionSummary[],
    landsDirectly: boolean | undefined,
  ) {
    const { from, to } = this.#chosen;
    return html`<div class="row choice">
        ${this.#select('From', 'from', from, versions)} ${this.#select('To', 'to', to, versions)}
        <wa-button
          appearance="plain"
          @click=${() => setQuery({ from: String(to), to: String(from) })}
          >${icon('sync', 'start')} Swap</wa-button
        >
        ${landsDirectly === undefined ? nothing : this.#rollback(definition, versions, from, landsDirectly)}
      </div>
      ${whenLoaded(this.#diff, (diff) =>
        diff === ''
          ? empty(
              'check',
              'Nothing differs',
              html`Version ${from} and version ${to} hold the same files.`,
            )
          : html`<registry-diff .diff=${diff}><span class="quiet">What changed from version ${from} to version ${to}</span></registry-diff>`,
      )}`;
  }

  #select(label: string, key: string, value: number, versions: readonly VersionSummary[]) {
    const choose = (event: Event) => setQuery({ [key]: (event.target as HTMLInputElement).value });
    return html`<wa-select label=${label} .value=${String(value)} @change=${choose}>
      ${versions.map(
        ({
          version,
          change_summary,
          revoked,
        }) => html`<wa-option value=${version} .label=${`v${version}`}>
          v${version}${revoked ? ' (revoked)' : ''} · ${change_summary.split('\n', 1)[0]}
        </wa-option>`,
      )}
    </wa-select>`;
  }

  #rollback(
    definition: Definition,
    versions: readonly VersionSummary[],
    version: number,
    landsDirectly: boolean,
  ) {
    const chosen = versions.find((other) => other.version === version);
    if (version === definition.version || !chosen || chosen.revoked) return nothing;
    return html`<wa-button
      @click=${() => this.#askForRollback(definition, version, landsDirectly)}
      >${icon('undo', 'start')} ${landsDirectly ? `Roll back to v${version}` : `Propose to roll back to v${version}`}</wa-button
    >`;
  }

  async #askForRollback(
    { id, name, version: newest }: Definition,
    version: number,
    lands: boolean,
  ) {
    let next = `/definitions/${encodeURIComponent(name)}`;
    const done = await confirm({
      title: `Roll ${name} back to version ${version}`,
      text: lands
        ? `Version ${(newest ?? 0) + 1} will hold what version ${version} holds. Nothing is taken out of the history, and it can be undone in the same way.`
        : `A merge request will propose a version that holds what version ${version} holds. It lands when it has been approved.`,
      action: lands ? `Roll back to v${version}` : 'Open the merge request',
      reason: 'required',
      act: async (reason) => {
        const { merge_request } = await rollBack(id, version, reason);
        if (merge_request) next = `/merge-requests/${merge_request.id}`;
      },
    });
    if (done) goTo(next);
  }
}

customElements.define('compare-page', ComparePage);
