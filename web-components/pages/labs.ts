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

/** `/labs`: the user's labs. Site admins see all labs. */
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
        label: 'Your role',
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
              isAdmin ? 'No labs yet' : 'You do not belong to a lab',
              isAdmin
                ? 'Definitions, instruments and computers belong to a lab. Create the first lab.'
                : 'Ask a lab admin to add you, and tell them your username.',
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
      action: 'Create lab',
      act: async (_reason, fields) => {
        made = await createLab(labOf(fields));
      },
    });
    if (made) goTo(`/labs/${made.id}`);
  }
}

customElements.define('labs-page', LabsPage);
