import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, nothing } from 'lit';
import { version } from '../../package.json';
import { Page } from '../app/page.ts';
import { type Computer, createCode, type EnrolmentCode, listComputers } from '../data/equipment.ts';
import { LiveController } from '../data/events.ts';
import { labNames } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import { confirm } from '../elements/confirm.ts';
import { icon } from '../elements/icon.ts';
import '../elements/secret.ts';
import { empty } from '../elements/states.ts';
import type { Column } from '../elements/table.ts';
import { ago, exactTime } from '../elements/time.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import { chosenLab, labField, managedLabs } from './equipment/labs.ts';
import { asked, isNarrowed } from './list/asked.ts';
import { choiceField, labChoices, searchField } from './list/fields.ts';
import { listOf } from './list/found.ts';

const FILTERS = ['q', 'lab_id'] as const;

/** `/computers?q=…`: the computers of somebody's labs, and how another becomes one of them. */
export class ComputersPage extends Page {
  static override properties = { query: { attribute: false }, code: { state: true } };
  static override styles = [shared, sections];
  declare query: URLSearchParams;
  /** A code that was just made. */
  declare code: EnrolmentCode | undefined;
  readonly #session = new SessionController(this);

  readonly #found = new Task(this, {
    task: ([query]) => listComputers(asked(new URLSearchParams(query), FILTERS)),
    args: () => [this.query.toString()] as const,
  });
  readonly #labs = new Task(this, { task: labNames, args: () => [] as const });
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
      { label: 'Where', cell: ({ location }) => location ?? nothing },
      { label: 'System', cell: ({ os }) => os ?? nothing },
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
    ];
  }

  override render() {
    const mayEnrol = (this.#managed.value ?? []).length > 0;
    return html`<div class="page">
      <header class="head">
        <h1 tabindex="-1">Computers</h1>
        ${
          mayEnrol
            ? html`<wa-button variant="brand" size="s" @click=${this.#enrol}>${icon('plus', 'start')} Enrol a computer</wa-button>`
            : nothing
        }
      </header>
      ${this.code ? this.#lines(this.code) : nothing}
      <div class="filters">
        ${searchField('Search computers', this.query)}
        ${choiceField('lab_id', 'Lab', 'all labs', labChoices(this.#labs.value ?? new Map()), this.query)}
      </div>
      ${listOf(this, this.#found, { caption: 'Computers', columns: this.#columns }, () => this.#nothing(mayEnrol))}
    </div>`;
  }

  #lines({ code, expires_at }: EnrolmentCode) {
    return html`<registry-secret
      heading="Type these two lines on the computer"
      label="line"
      .lines=${[`pip install ${location.origin}/client/pybirch_registry-${version}.zip`, `pybirch-registry enrol ${location.origin} ${code}`]}
      @done=${() => {
        this.code = undefined;
        void this.focusHeading();
      }}
      >In the Python environment that PyBirch runs in. The code counts once, until ${exactTime(expires_at)}, and is
      shown this once. A computer that is enrolled again loses its old access.</registry-secret
    >`;
  }

  #nothing(mayEnrol: boolean) {
    if (isNarrowed(this.query, FILTERS)) {
      return empty(
        'search',
        'No computer matches',
        html`Try fewer words, or <a href="/computers">see all computers</a>.`,
      );
    }
    return empty(
      'computers',
      'No computer is enrolled yet',
      mayEnrol
        ? 'Enrol the first: it gets the lab’s definitions and keeps them up to date.'
        : 'An admin of your lab enrols them.',
    );
  }

  async #enrol() {
    const labs = this.#managed.value ?? [];
    this.code = undefined;
    let code: EnrolmentCode | undefined;
    await confirm({
      title: 'Enrol a computer',
      text: html`<p>
          A one-time code lets one computer join ${labs.length === 1 ? labs[0]?.name : 'the lab'}. It may then read what
          the lab may read, and writes only what is bound to it.
        </p>
        ${labField(labs)}`,
      action: 'Make a code',
      act: async (_reason, fields) => {
        code = await createCode(chosenLab(labs, fields));
      },
    });
    this.code = code;
  }
}

customElements.define('computers-page', ComputersPage);
