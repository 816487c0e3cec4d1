import { Task } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import {
  type Definition,
  listVersions,
  setVerdict,
  type VersionSummary,
} from '../../data/definitions.ts';
import { type DefinitionFleet, readAdoption } from '../../data/fleet.ts';
import { SessionController } from '../../data/session.ts';
import { badge } from '../../elements/badge.ts';
import { confirm, type Question } from '../../elements/confirm.ts';
import { icon } from '../../elements/icon.ts';
import { revealHidden } from '../../elements/reveal-hidden.ts';
import '../../elements/pager.ts';
import type { PageChangeEvent } from '../../elements/pager.ts';
import '../../elements/person.ts';
import '../../elements/problem.ts';
import { empty, whenLoaded } from '../../elements/states.ts';
import { ago } from '../../elements/time.ts';
import { notify } from '../../elements/toast.ts';
import { shared } from '../../styles/shared.ts';
import { addressOf } from './address.ts';
import { approvers } from './approvals.ts';
import { signature } from './provenance.ts';
import { timeline } from './timeline.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/dropdown/dropdown.js';
import '@awesome.me/webawesome/dist/components/dropdown-item/dropdown-item.js';

type Verdict = 'deprecate' | 'revoke' | 'reinstate';

/**
 * The versions as a timeline, newest first. Each entry shows what changed, who wrote, approved and landed the version,
 * and its verdict.
 *
 * @fires definition-changed - A version was deprecated, revoked or reinstated.
 */
export class DefinitionVersions extends LitElement {
  static override properties = { definition: { attribute: false }, page: { state: true } };
  static override styles = [
    shared,
    timeline,
    css`
      .actions {
        margin-inline-start: auto;
      }
    `,
  ];
  declare definition: Definition;
  declare page: number;
  readonly #session = new SessionController(this);

  readonly #versions = new Task(this, {
    task: async ([id, page]) => await listVersions(id, page),
    // `this.definition` is an argument so that a change of the definition reloads its versions.
    args: () => [this.definition.id, this.page, this.definition] as const,
  });

  /** The number of computers by version, which only signed-in users may read. */
  readonly #fleet = new Task(this, {
    task: async ([id, person]) => (person === undefined ? undefined : await readAdoption(id, 1)),
    args: () => [this.definition.id, this.#session.me?.user.id, this.definition] as const,
  });

  constructor() {
    super();
    this.page = 1;
  }

  override render() {
    return whenLoaded(this.#versions, (list) =>
      list.total === 0
        ? empty(
            'versions',
            'No versions yet',
            html`The first version is created when the merge request lands.`,
          )
        : html`<registry-problem .error=${this.#fleet.error}></registry-problem>
            <ol>${list.items.map((version) => this.#item(version))}</ol>
            <registry-pager
              .list=${list}
              @page-change=${({ page }: PageChangeEvent) => {
                this.page = page;
              }}
            ></registry-pager>`,
    );
  }

  #item(version: VersionSummary) {
    const { version: n, change_summary, revoked, deprecated, overrides, permissions } = version;
    const [title, ...body] = change_summary.split('\n');
    return html`<li class=${revoked ? 'revoked' : deprecated ? 'deprecated' : nothing}>
      <article class="card">
        <div class="row">
          ${badge(`v${n}`, n === this.definition.version ? 'brand' : 'neutral', 'tag')}
          ${revoked ? badge('revoked', 'danger', 'circleSlash') : nothing}
          ${deprecated ? badge('deprecated', 'warning', 'alert') : nothing}
          <h2>${revealHidden(title || 'No summary')}</h2>
          <span class="actions">${this.#actions(version)}</span>
        </div>
        ${body.some((line) => line.trim()) ? html`<p class="body">${revealHidden(body.join('\n').trim())}</p>` : nothing}
        ${this.#record(version)}
        ${policyNote(version.landed_under)}
        ${[revoked ? verdictNote('Revoked', revoked) : nothing, deprecated ? verdictNote('Deprecated', deprecated) : nothing]}
        ${permissions.length > 0 ? html`<p class="said small">${icon('info')} May use ${permissions.join(', ')}, which the lab otherwise bans</p>` : nothing}
        ${overrides.map(({ message }) => html`<p class="said small">${icon('alert')} Overridden: ${revealHidden(message)}</p>`)}
      </article>
    </li>`;
  }

  #record(version: VersionSummary) {
    const { author, created_at, approvals, landed_by, merge_request, commit } = version;
    const by = approvers(approvals);
    return html`<div class="row record small">
      <registry-person .name=${author.name} .username=${author.email}></registry-person>
      <span>${ago(created_at)}</span>
      ${by.length > 0 ? html`<span>${icon('check')} approved by ${by.join(', ')}</span>` : nothing}
      ${landed_by ? html`<span>landed by ${landed_by}</span>` : nothing}
      ${merge_request === null ? nothing : html`<a href="/merge-requests/${merge_request}">!${merge_request}</a>`}
      <code title=${commit}>${commit.slice(0, 8)}</code>
      ${signature(version)} ${this.#computers(version.version)}
    </div>`;
  }

  /** The number of computers in the user's labs that have the version, or nothing if no computer has any version. */
  #computers(version: number) {
    const versions = this.#fleet.value?.versions ?? [];
    if (versions.length === 0) return nothing;
    const { name } = this.definition;
    const counts = versions.find((one) => one.version === version);
    return html`<span>
      ${icon('computers')}
      ${
        counts
          ? html`<a href="/fleet?definition=${encodeURIComponent(name)}">${countOf(counts)}</a>`
          : 'on no computers'
      }
    </span>`;
  }

  #actions(version: VersionSummary) {
    const { name, version: newest } = this.definition;
    const { version: n } = version;
    const isNewest = n === newest;
    const compared = isNewest ? { from: n - 1, to: n } : { from: n, to: newest };
    const address = `/definitions/${encodeURIComponent(name)}/compare`;
    return html`<wa-button size="s" appearance="plain" href=${addressOf({ name, view: 'code', version: n })}>Code</wa-button>
      ${
        n === 1 && isNewest
          ? nothing
          : html`<wa-button size="s" appearance="plain" href="${address}?from=${compared.from}&to=${compared.to}"
              >${isNewest ? 'Changes' : 'Compare or roll back'}</wa-button
            >`
      }
      ${this.#session.may('admin', this.definition.lab_id) ? this.#verdicts(version) : nothing}`;
  }

  #verdicts({ version, revoked, deprecated }: VersionSummary) {
    const choose = ({ detail }: CustomEvent<{ item: { value: string } }>) =>
      void this.#judge(detail.item.value as Verdict, version);
    return html`<wa-dropdown placement="bottom-end" @wa-select=${choose}>
      <wa-button slot="trigger" size="s" appearance="plain">
        ${icon('more')}<span class="visually-hidden">Actions for version ${version}</span>
      </wa-button>
      ${deprecated ? nothing : html`<wa-dropdown-item value="deprecate">${icon('alert', 'icon')} Deprecate</wa-dropdown-item>`}
      ${revoked ? nothing : html`<wa-dropdown-item value="revoke" variant="danger">${icon('circleSlash', 'icon')} Revoke</wa-dropdown-item>`}
      ${revoked || deprecated ? html`<wa-dropdown-item value="reinstate">${icon('undo', 'icon')} Reinstate</wa-dropdown-item>` : nothing}
    </wa-dropdown>`;
  }

  async #judge(verdict: Verdict, version: number) {
    const { id, display_name } = this.definition;
    const question: Question = {
      ...WORDS[verdict],
      title: `${WORDS[verdict].action} version ${version} of ${display_name}`,
      reason: 'required',
      act: async (reason) => await setVerdict(verdict, id, version, reason),
    };
    if (!(await confirm(question))) return;
    this.dispatchEvent(new Event('definition-changed', { bubbles: true, composed: true }));
    notify(`Version ${version} was ${PAST[verdict]}`);
  }
}

const PAST: Record<Verdict, string> = {
  deprecate: 'deprecated',
  revoke: 'revoked',
  reinstate: 'reinstated',
};

const WORDS: Record<Verdict, { text: string; action: string; danger?: boolean }> = {
  deprecate: {
    text: 'Everyone who uses this version sees a warning with your reason. Computers can still load the version, and you can still roll back to it.',
    action: 'Deprecate',
  },
  revoke: {
    text: 'Computers no longer get this version and refuse to load it. You cannot roll back to this version. The history and clones keep the version.',
    action: 'Revoke',
    danger: true,
  },
  reinstate: { text: 'This version is no longer deprecated or revoked.', action: 'Reinstate' },
};

function verdictNote(what: string, { reason, by, at }: NonNullable<VersionSummary['revoked']>) {
  return html`<p class="said small">${what}${by ? ` by ${by}` : ''}, ${ago(at)}: ${reason}</p>`;
}

function countOf({ installed, loaded }: DefinitionFleet['versions'][number]): string {
  const computers = (count: number) => `${count} ${count === 1 ? 'computer' : 'computers'}`;
  if (installed === 0) return `still in use on ${computers(loaded)}`;
  return `on ${computers(installed)}${loaded > 0 ? `, in use on ${loaded}` : ''}`;
}

/** The lab in which the version landed and the policy of the lab at that time. */
function policyNote(landed: VersionSummary['landed_under']) {
  if (landed === null) return nothing;
  const { lab, direct_landing, required_approvals, allow_self_approval } = landed;
  const rules = [
    direct_landing === 'admins'
      ? 'admins could land without review'
      : 'nobody could land without review',
    `${required_approvals} approval${required_approvals === 1 ? '' : 's'} required`,
    ...(allow_self_approval ? ['authors could approve their own changes'] : []),
  ];
  return html`<p class="small quiet">
    Landed in ${lab ? `${lab.name} (${lab.code})` : 'no lab'}. Policy at that time: ${rules.join(', ')}.
  </p>`;
}

customElements.define('definition-versions', DefinitionVersions);

declare global {
  interface HTMLElementTagNameMap {
    'definition-versions': DefinitionVersions;
  }
}
