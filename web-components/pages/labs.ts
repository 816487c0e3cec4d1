import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, nothing } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { createLab, type Lab, listLabs } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import { badge } from '../elements/badge.ts';
import { confirm } from '../elements/confirm.ts';
import { icon } from '../elements/icon.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import '../elements/table.ts';
import type { Column } from '../elements/table.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import { labFields, labOf } from './lab/fields.ts';

/** `/labs`: the labs that somebody belongs to; all of them for site admins. */
export class LabsPage extends Page {
  static override styles = [shared, sections];
  readonly #session = new SessionController(this);
  readonly #labs = new Task(this, { task: () => listLabs(), args: () => [] as const });

  get #columns(): Column<Lab>[] {
    return [
      {
        label: 'Lab',
        cell: ({ id, name, disabled }) =>
          html`<a href="/labs/${id}">${name}</a> ${disabled ? badge('disabled', 'danger', 'circleSlash') : nothing}`,
      },
      { label: 'Code', cell: ({ code }) => html`<code>${code}</code>`, width: '12rem' },
      {
        label: 'You are',
        cell: ({ id }) =>
          this.#session.me?.user.is_admin ? 'site admin' : this.#session.roleIn(id),
        width: '8rem',
      },
      {
        label: 'Lands without review',
        cell: ({ direct_landing }) => (direct_landing === 'admins' ? 'lab admins' : 'nobody'),
        width: '12rem',
      },
      {
        label: 'Approvals',
        cell: ({ required_approvals }) => required_approvals,
        align: 'end',
        width: '7rem',
      },
    ];
  }

  override render() {
    const isAdmin = this.#session.me?.user.is_admin;
    return html`<div class="page">
      <header class="head">
        <h1 tabindex="-1">Labs</h1>
        ${
          isAdmin
            ? html`<wa-button variant="brand" size="s" @click=${this.#create}>${icon('plus', 'start')} New lab</wa-button>`
            : nothing
        }
      </header>
      ${whenLoaded(this.#labs, ({ items }) =>
        items.length === 0
          ? empty(
              'lab',
              isAdmin ? 'There are no labs yet' : 'You belong to no lab',
              isAdmin
                ? 'A lab holds definitions, instruments and computers. Make the first one.'
                : 'A lab’s admin makes you a member: tell them your username.',
            )
          : html`<registry-table
              class="card"
              caption="Labs"
              .columns=${this.#columns}
              .rows=${items}
            ></registry-table>`,
      )}
    </div>`;
  }

  async #create() {
    let made: Lab | undefined;
    await confirm({
      title: 'New lab',
      text: labFields(),
      action: 'Make the lab',
      act: async (_reason, fields) => {
        made = await createLab(labOf(fields));
      },
    });
    if (made) goTo(`/labs/${made.id}`);
  }
}

customElements.define('labs-page', LabsPage);
