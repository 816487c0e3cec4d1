import '@awesome.me/webawesome/dist/components/input/input.js';
import { html, nothing } from 'lit';
import { changeOwn, type User } from '../../data/users.ts';
import { badge } from '../../elements/badge.ts';
import { EditableCard, textOf } from '../../elements/editable.ts';

/** The user's name and email address. Commits that the user makes carry the name and the email address. */
export class AccountProfile extends EditableCard {
  static override properties = { user: { attribute: false } };
  readonly heading = 'Profile';
  declare user: User;

  protected view() {
    const { username, name, email, is_admin } = this.user;
    return html`<dl class="facts">
      <dt>Name</dt>
      <dd>${name} ${is_admin ? badge('site admin', 'brand', 'shield') : nothing}</dd>
      <dt>Email</dt>
      <dd>${email}</dd>
      <dt>Username</dt>
      <dd>${username}</dd>
    </dl>`;
  }

  protected fields() {
    const { name, email } = this.user;
    return html`<wa-input
        name="name"
        label="Name"
        hint="The author of the commits that you make here from now on"
        autocomplete="name"
        required
        maxlength="200"
        .defaultValue=${name}
      ></wa-input>
      <wa-input
        name="email"
        type="email"
        label="Email"
        autocomplete="email"
        required
        maxlength="254"
        .defaultValue=${email}
      ></wa-input>`;
  }

  protected async save(fields: FormData) {
    await changeOwn({ name: textOf(fields, 'name') ?? '', email: textOf(fields, 'email') ?? '' });
  }
}

customElements.define('account-profile', AccountProfile);
