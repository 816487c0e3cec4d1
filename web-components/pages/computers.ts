import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, nothing } from 'lit';
import { version } from '../../package.json';
import { Page } from '../app/page.ts';
import {
  type Computer,
  changeComputer,
  createCode,
  type EnrolmentCode,
  listComputers,
} from '../data/equipment.ts';
import { LiveController } from '../data/events.ts';
import { listLabNames } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import { badge } from '../elements/badge.ts';
import { confirm } from '../elements/confirm.ts';
import { icon } from '../elements/icon.ts';
import '../elements/secret.ts';
import { empty } from '../elements/states.ts';
import type { Column } from '../elements/table.ts';
import { ago, exactTime } from '../elements/time.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import { labField, labIdOf, managedLabs } from './equipment/labs.ts';
import { choiceField, labChoices, searchField } from './list/fields.ts';
import { isNarrowed, listQuery } from './list/query.ts';
import { listOf } from './list/results.ts';

const FILTERS = ['q', 'lab_id'] as const;

/** `/computers?q=…`: the computers of the user's labs, and a button to enrol a new one. */
export class ComputersPage extends Page {
  static override properties = { query: { attribute: false }, code: { state: true } };
  static override styles = [shared, sections];
  declare query: URLSearchParams;
  /** The enrolment code that was just created. */
  declare code: EnrolmentCode | undefined;
  readonly #session = new SessionController(this);

  readonly #found = new Task(this, {
    task: ([query]) => listComputers(listQuery(new URLSearchParams(query), FILTERS)),
    args: () => [this.query.toString()] as const,
  });
  readonly #labs = new Task(this, { task: listLabNames, args: () => [] as const });
  readonly #managed = new Task(this, {
    task: () => managedLabs(this.#session),
    args: () => [this.#session.me?.user.id] as const,
  });
  readonly live = new LiveController(this, ['computer.changed'], () => void this.#found.run());

  get #columns(): Column<Computer>[] {
    const labs = this.#labs.value ?? new Map<number, string>();
    return [
      {
        label: 'Computer',
        cell: ({ computer_name, nickname }) => html`<a
            href="/computers/${encodeURIComponent(computer_name)}"
            >${computer_name}</a
          >
          <div class="quiet small">${nickname}</div>`,
      },
      { label: 'Lab', cell: ({ lab_id }) => labs.get(lab_id) ?? nothing },
      { label: 'Location', cell: ({ location }) => location ?? nothing },
      { label: 'Operating system', cell: ({ os }) => os ?? nothing },
      {
        label: 'Enrolled',
        cell: ({ enrolled_at }) => (enrolled_at ? ago(enrolled_at) : 'not yet'),
        width: '9rem',
      },
      {
        label: 'Last seen',
        cell: ({ last_seen }) => (last_seen ? ago(last_seen) : 'never'),
        width: '9rem',
      },
      { label: 'Bench', cell: (computer) => this.#bench(computer), width: '10rem' },
    ];
  }

  override render() {
    const mayEnrol = (this.#managed.value ?? []).length > 0;
    return html`<div class="page">
      <header class="head">
        <h1 tabindex="-1">Computers</h1>
        ${
          mayEnrol
            ? html`<wa-button variant="brand" size="s" @click=${this.#enrol}>${icon('plus', 'start')} Enrol computer</wa-button>`
            : nothing
        }
      </header>
      ${this.code ? this.#commands(this.code) : nothing}
      <div class="filters">
        ${searchField('Search computers', this.query)}
        ${choiceField('lab_id', 'Lab', 'all labs', labChoices(this.#labs.value ?? new Map()), this.query)}
      </div>
      ${listOf(this, this.#found, { caption: 'Computers', columns: this.#columns }, () => this.#nothing(mayEnrol))}
    </div>`;
  }

  /** Whether the computer tests proposals. A lab admin can switch it. */
  #bench(computer: Computer) {
    const { computer_name, is_bench, enrolled_at, lab_id } = computer;
    if (!this.#session.may('admin', lab_id) || !enrolled_at)
      return is_bench ? badge('bench', 'brand', 'beaker') : nothing;
    return html`${is_bench ? badge('bench', 'brand', 'beaker') : nothing}
      <wa-button
        size="s"
        appearance=${is_bench ? 'plain' : 'outlined'}
        @click=${() => this.#switchBench(computer)}
        >${is_bench ? 'Stop…' : 'Make bench…'}<span class="visually-hidden"> (${computer_name})</span></wa-button
      >`;
  }

  async #switchBench({ id, computer_name, is_bench }: Computer) {
    const act = async () => await changeComputer(id, { is_bench: !is_bench });
    const changed = await (is_bench
      ? confirm({
          title: `${computer_name} stops being a bench computer`,
          text: 'It can no longer see merge requests or post test results. Its earlier results stay visible, but no longer count.',
          action: 'Stop testing',
          danger: true,
          act,
        })
      : confirm({
          title: `Make ${computer_name} a bench computer`,
          text: 'A bench computer tests every proposal of the lab: it runs code that nobody has reviewed. Choose a computer that does nothing else. It will see the lab’s open merge requests, and its result is the check “tests”.',
          action: 'Make bench computer',
          act,
        }));
    if (changed) await this.#found.run();
  }

  #commands({ code, expires_at }: EnrolmentCode) {
    return html`<registry-secret
      heading="Run these two commands on the computer"
      label="command"
      .lines=${[`pip install ${location.origin}/client/pybirch_registry-${version}.zip`, `pybirch-registry enrol ${location.origin} ${code}`]}
      @done=${() => {
        this.code = undefined;
        void this.focusHeading();
      }}
      >Run them in the Python environment of PyBirch. The code works once, until ${exactTime(expires_at)}, and is not shown
      again. A computer that is enrolled again loses its old access.</registry-secret
    >`;
  }

  #nothing(mayEnrol: boolean) {
    if (isNarrowed(this.query, FILTERS)) {
      return empty(
        'search',
        'No computers match',
        html`Try fewer words, or <a href="/computers">see all computers</a>.`,
      );
    }
    return empty(
      'computers',
      'No computers yet',
      mayEnrol
        ? 'Enrol a computer, so that it installs the lab’s definitions and keeps them up to date.'
        : 'A lab admin can enrol computers.',
    );
  }

  async #enrol() {
    const labs = this.#managed.value ?? [];
    this.code = undefined;
    let code: EnrolmentCode | undefined;
    await confirm({
      title: 'Enrol computer',
      text: html`<p>
          A one-time code lets one computer join ${labs.length === 1 ? labs[0]?.name : 'the lab'}. The computer can then
          read what the lab can read, and change only what is bound to it.
        </p>
        ${labField(labs)}`,
      action: 'Create code',
      act: async (_reason, fields) => {
        code = await createCode(labIdOf(labs, fields));
      },
    });
    this.code = code;
  }
}

customElements.define('computers-page', ComputersPage);
