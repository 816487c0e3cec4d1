import { Task } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import {
  type Definition,
  judgeVersion,
  listVersions,
  type VersionSummary,
} from '../../data/definitions.ts';
import { adoptionOf, type DefinitionFleet } from '../../data/fleet.ts';
import { SessionController } from '../../data/session.ts';
import { badge } from '../../elements/badge.ts';
import { confirm, type Question } from '../../elements/confirm.ts';
import { icon } from '../../elements/icon.ts';
import { revealed } from '../../elements/revealed.ts';
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
 * The versions as a timeline, newest first: what changed, whose word stands for it, and what is said of it since.
 *
 * @fires definition-changed - Something was said of a version.
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
    // Read anew whenever the definition is.
    args: () => [this.definition.id, this.page, this.definition] as const,
  });

  /** What runs where is told to those who are signed in. */
  readonly #fleet = new Task(this, {
    task: async ([id, person]) => (person === undefined ? undefined : await adoptionOf(id, 1)),
    args: () => [this.definition.id, this.#session.me?.user.id, this.definition] as const,
  });

  constructor() {
    super();
    this.page = 1;
  }

  override render() {
    return whenLoaded(this.#versions, ({ items, total, per_page, page }) =>
      total === 0
        ? empty(
            'versions',
            'There is no version yet',
            html`The first is made when its merge request lands.`,
          )
        : html`<registry-problem .error=${this.#fleet.error}></registry-problem>
            <ol>${items.map((version) => this.#item(version))}</ol>
            <registry-pager
              .page=${page}
              .perPage=${per_page}
              .total=${total}
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
          <h2>${revealed(title || 'No summary')}</h2>
          <span class="actions">${this.#actions(version)}</span>
        </div>
        ${body.some((line) => line.trim()) ? html`<p class="body">${revealed(body.join('\n').trim())}</p>` : nothing}
        ${this.#record(version)}
        ${under(version.landed_under)}
        ${[revoked ? said('Revoked', revoked) : nothing, deprecated ? said('Deprecated', deprecated) : nothing]}
        ${permissions.length > 0 ? html`<p class="said small">${icon('info')} May use ${permissions.join(', ')}, which the lab bans otherwise</p>` : nothing}
        ${overrides.map(({ message }) => html`<p class="said small">${icon('alert')} Set aside: ${revealed(message)}</p>`)}
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

  /** On how many computers of one's labs it runs; nothing as long as no version runs anywhere. */
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
          : 'on no computer'
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
              >${isNewest ? 'What changed' : 'Compare, roll back'}</wa-button
            >`
      }
      ${this.#session.may('admin', this.definition.lab_id) ? this.#verdicts(version) : nothing}`;
  }

  #verdicts({ version, revoked, deprecated }: VersionSummary) {
    const choose = ({ detail }: CustomEvent<{ item: { value: string } }>) =>
      void this.#judge(detail.item.value as Verdict, version);
    return html`<wa-dropdown placement="bottom-end" @wa-select=${choose}>
      <wa-button slot="trigger" size="s" appearance="plain">
        ${icon('more')}<span class="visually-hidden">More about version ${version}</span>
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
      act: async (reason) => await judgeVersion(verdict, id, version, reason),
    };
    if (!(await confirm(question))) return;
    this.dispatchEvent(new Event('definition-changed', { bubbles: true, composed: true }));
    notify(`Version ${version}: ${DONE[verdict]}.`);
  }
}

const DONE: Record<Verdict, string> = {
  deprecate: 'deprecated',
  revoke: 'revoked',
  reinstate: 'reinstated',
};

const WORDS: Record<Verdict, { text: string; action: string; danger?: boolean }> = {
  deprecate: {
    text: 'Whoever uses it is warned, with your reason. It can still be loaded and rolled back to.',
    action: 'Deprecate',
  },
  revoke: {
    text: 'Computers are not offered it any more and refuse to load it; nothing is rolled back to it. History and clones keep it.',
    action: 'Revoke',
    danger: true,
  },
  reinstate: { text: 'It is neither deprecated nor revoked any more.', action: 'Reinstate' },
};

function said(what: string, { reason, by, at }: NonNullable<VersionSummary['revoked']>) {
  return html`<p class="said small">${what}${by ? ` by ${by}` : ''}, ${ago(at)}: ${reason}</p>`;
}

function countOf({ installed, loaded }: DefinitionFleet['versions'][number]): string {
  const computers = (count: number) => `${count} ${count === 1 ? 'computer' : 'computers'}`;
  if (installed === 0) return `still in use on ${computers(loaded)}`;
  return `on ${computers(installed)}${loaded > 0 ? `, in use on ${loaded}` : ''}`;
}

/** In which lab it landed and what that lab asked for then, whatever became of both. */
function under(landed: VersionSummary['landed_under']) {
  if (landed === null) return nothing;
  const { lab, direct_landing, required_approvals, allow_self_approval } = landed;
  const rules = [
    direct_landing === 'admins' ? 'admins could land directly' : 'everything was reviewed',
    `${required_approvals} approval${required_approvals === 1 ? '' : 's'} required`,
    ...(allow_self_approval ? ['authors could approve'] : []),
  ];
  return html`<p class="small quiet">
    Landed in ${lab ? `${lab.name} (${lab.code})` : 'no lab'}; its policy then: ${rules.join(', ')}.
  </p>`;
}

customElements.define('definition-versions', DefinitionVersions);

declare global {
  interface HTMLElementTagNameMap {
    'definition-versions': DefinitionVersions;
  }
}
