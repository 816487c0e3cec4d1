import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, LitElement, nothing } from 'lit';
import { addMember, changeMember, type Member, removeMember } from '../../data/labs.ts';
import { confirm } from '../../elements/confirm.ts';
import { icon } from '../../elements/icon.ts';
import { menu } from '../../elements/menu.ts';
import '../../elements/person.ts';
import { empty } from '../../elements/states.ts';
import '../../elements/table.ts';
import type { Column } from '../../elements/table.ts';
import { ago } from '../../elements/time.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';
import { roleField, roleOf, usernameField } from './member-fields.ts';

/**
 * The members of a lab and their roles.
 *
 * @fires changed - A member was added, changed or removed.
 */
export class LabMembers extends LitElement {
  static override properties = {
    labId: { attribute: false },
    members: { attribute: false },
    mayManage: { type: Boolean },
  };
  static override styles = [shared, sections];

  declare labId: number;
  declare members: readonly Member[];
  declare mayManage: boolean;

  get #columns(): Column<Member>[] {
    const columns: Column<Member>[] = [
      {
        label: 'Member',
        cell: ({ name, username }) =>
          html`<registry-person .name=${name} .username=${username}></registry-person>`,
      },
      { label: 'Username', cell: ({ username }) => username },
      { label: 'Role', cell: ({ role }) => role, width: '10rem' },
      { label: 'Since', cell: ({ created_at }) => ago(created_at), width: '10rem' },
    ];
    if (!this.mayManage) return columns;
    return [
      ...columns,
      {
        label: 'Actions',
        hideLabel: true,
        cell: (member) => this.#menu(member),
        align: 'end',
        width: '4rem',
      },
    ];
  }

  override render() {
    return html`<section class="card" aria-label="Members">
      <div class="head body">
        <h2 tabindex="-1">Members</h2>
        ${
          this.mayManage
            ? html`<wa-button size="s" appearance="outlined" @click=${this.#add}>${icon('plus', 'start')} Add member</wa-button>`
            : nothing
        }
      </div>
      ${
        this.members.length === 0
          ? empty('people', 'No members yet', 'Site admins can do everything in this lab.')
          : html`<registry-table caption="Members" .columns=${this.#columns} .rows=${this.members}></registry-table>`
      }
    </section>`;
  }

  #menu(member: Member) {
    return menu(`Actions for ${member.name}`, [
      { label: 'Change role…', icon: 'pencil', act: () => this.#change(member) },
      {
        label: 'Remove from lab…',
        icon: 'trash',
        danger: true,
        act: () => this.#remove(member),
      },
    ]);
  }

  async #add() {
    await this.#ask({
      title: 'Add member',
      text: html`${usernameField()} ${roleField('contributor')}`,
      action: 'Add member',
      act: async (_reason, fields) =>
        await addMember(this.labId, String(fields.get('username')).trim(), roleOf(fields)),
    });
  }

  async #change({ user_id, name, role }: Member) {
    await this.#ask({
      title: `Change the role of ${name}`,
      text: roleField(role),
      action: 'Change role',
      act: async (_reason, fields) => await changeMember(this.labId, user_id, roleOf(fields)),
    });
  }

  async #remove({ user_id, name }: Member) {
    const gone = await this.#ask({
      title: `Remove ${name} from the lab`,
      text: 'The member loses access to everything that only this lab can see. Past work of the member stays under their name.',
      action: 'Remove',
      danger: true,
      act: async () => await removeMember(this.labId, user_id),
    });
    // The table row that had the focus is gone, so focus the heading.
    if (gone) this.renderRoot.querySelector('h2')?.focus();
  }

  async #ask(question: Parameters<typeof confirm>[0]) {
    const done = await confirm(question);
    if (done) this.dispatchEvent(new Event('changed'));
    return done;
  }
}

customElements.define('lab-members', LabMembers);
