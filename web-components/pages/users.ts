import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, nothing } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { SessionController } from '../data/session.ts';
import { changeUser, createUser, generatePassword, listUsers, type User } from '../data/users.ts';
import { badge } from '../elements/badge.ts';
import { confirm, type Question } from '../elements/confirm.ts';
import { icon } from '../elements/icon.ts';
import { menu } from '../elements/menu.ts';
import '../elements/person.ts';
import '../elements/secret.ts';
import { empty } from '../elements/states.ts';
import type { Column } from '../elements/table.ts';
import { ago } from '../elements/time.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import { searchField } from './list/fields.ts';
import { listQuery } from './list/query.ts';
import { listOf } from './list/results.ts';
import { accountOf, userFields } from './users/fields.ts';

/** `/users?q=…`: all accounts, for site admins. */
export class UsersPage extends Page {
  static override properties = { query: { attribute: false }, secret: { state: true } };
  static override styles = [shared, sections];
  declare query: URLSearchParams;
  /** The user whose password was just generated, and the password. */
  declare secret: { username: string; password: string } | undefined;
  readonly #session = new SessionController(this);

  readonly #users = new Task(this, {
    task: ([query]) => listUsers(listQuery(new URLSearchParams(query), ['q'])),
    args: () => [this.query.toString()] as const,
  });

  get #columns(): Column<User>[] {
    return [
      {
        label: 'Account',
        cell: ({ name, username, is_admin, disabled }) => html`<registry-person
            .name=${name}
            .username=${username}
          ></registry-person>
          ${is_admin ? badge('site admin', 'brand', 'shield') : nothing}
          ${disabled ? badge('disabled', 'danger', 'circleSlash') : nothing}`,
      },
      { label: 'Username', cell: ({ username }) => username, width: '12rem' },
      { label: 'Email', cell: ({ email }) => email },
      { label: 'Created', cell: ({ created_at }) => ago(created_at), width: '9rem' },
      {
        label: 'Actions',
        hideLabel: true,
        cell: (user) => this.#menu(user),
        align: 'end',
        width: '4rem',
      },
    ];
  }

  override render() {
    return html`<div class="page">
      <header class="head">
        <h1 tabindex="-1">Users</h1>
        ${
          this.#session.me?.user.is_admin
            ? html`<wa-button variant="brand" size="s" @click=${this.#create}>${icon('plus', 'start')} New account</wa-button>`
            : nothing
        }
      </header>
      ${this.secret ? this.#password(this.secret) : nothing}
      <div class="filters">${searchField('Search by username, name or email', this.query)}</div>
      ${listOf(this, this.#users, { caption: 'Accounts', columns: this.#columns }, () =>
        empty('search', 'No accounts match', 'Try part of the name or email address.'),
      )}
    </div>`;
  }

  #password({ username, password }: { username: string; password: string }) {
    return html`<registry-secret
      .heading=${`Password of ${username}`}
      label="password"
      .lines=${[password]}
      @done=${() => {
        this.secret = undefined;
        void this.focusHeading();
      }}
      >Copy the password now: it is not shown again. Send the password over a private channel. The user can change the password on the page
      “Your account”.</registry-secret
    >`;
  }

  #menu(user: User) {
    const { name, disabled } = user;
    return menu(`Actions for ${name}`, [
      { label: 'Edit…', icon: 'pencil', act: () => this.#edit(user) },
      {
        label: 'Reset password…',
        icon: 'key',
        // Users change their own password on the page of their account, because they must enter the current password.
        act: () => (user.id === this.#session.me?.user.id ? goTo('/account') : this.#reset(user)),
      },
      disabled
        ? { label: 'Enable…', icon: 'check', act: () => this.#setDisabled(user, false) }
        : {
            label: 'Disable…',
            icon: 'circleSlash',
            danger: true,
            act: () => this.#setDisabled(user, true),
          },
    ]);
  }

  async #create() {
    const password = generatePassword();
    let made: User | undefined;
    await this.#ask({
      title: 'New account',
      text: html`${userFields()}
        <p class="quiet small">The registry generates a password and shows it to you.</p>`,
      action: 'Create account',
      act: async (_reason, fields) => {
        made = await createUser({ ...accountOf(fields), password });
      },
    });
    if (made) this.secret = { username: made.username, password };
  }

  async #edit(user: User) {
    await this.#ask({
      title: `Edit ${user.username}`,
      text: userFields(user),
      action: 'Save',
      act: async (_reason, fields) => await changeUser(user.id, accountOf(fields)),
    });
  }

  async #reset({ id, username }: User) {
    const password = generatePassword();
    const done = await this.#ask({
      title: `Reset the password of ${username}`,
      text: 'The registry generates a new password and shows it to you. The old password stops working, and all sessions of the account end. The tokens of the account keep working.',
      action: 'Reset password',
      danger: true,
      act: async () => {
        await changeUser(id, { password });
      },
    });
    if (done) this.secret = { username, password };
  }

  async #setDisabled({ id, username }: User, disabled: boolean) {
    await this.#ask({
      title: `${disabled ? 'Disable' : 'Enable'} ${username}`,
      text: disabled
        ? 'All sessions and tokens of the account stop working at once. Past work stays under the name of the user. You can enable the account again.'
        : 'The user can sign in again, and their tokens work again.',
      action: disabled ? 'Disable' : 'Enable',
      danger: disabled,
      act: async () => await changeUser(id, { disabled }),
    });
  }

  async #ask(question: Question) {
    const done = await confirm(question);
    if (done) await this.#users.run();
    return done;
  }
}

customElements.define('users-page', UsersPage);
