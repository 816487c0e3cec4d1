import '@awesome.me/webawesome/dist/components/input/input.js';
import { html, nothing } from 'lit';
import { inputProblem } from '../../data/client.ts';
import { session } from '../../data/session.ts';
import { changeOwnPassword } from '../../data/users.ts';
import { EditableCard } from '../../elements/editable.ts';
import { exactTime } from '../../elements/time.ts';

/** One's own password. */
export class AccountPassword extends EditableCard {
  static override properties = {
    hasOne: { type: Boolean, attribute: 'has-one' },
    expires: { attribute: false },
  };
  readonly heading = 'Password';
  /** Whether there is one: somebody who came by single sign-on may have none. */
  declare hasOne: boolean;
  /** When it stops working, where the registry made it up; else null. */
  declare expires: string | null;

  override get editLabel() {
    return this.hasOne ? 'Change' : 'Set one';
  }

  protected view() {
    return html`${
      this.expires
        ? html`<p><strong>The registry made yours up: it can be used until ${exactTime(this.expires)}. Choose another one.</strong></p>`
        : nothing
    }
    <p class="quiet">
      ${
        this.hasOne
          ? 'A new password ends every session of yours except this one. Tokens go on until they expire or are deleted.'
          : 'You have none: you sign in by single sign-on. With one you can sign in without the provider too.'
      }
    </p>`;
  }

  protected fields() {
    return html`<input type="hidden" autocomplete="username" .value=${session.me?.user.username ?? ''} />
      ${
        this.hasOne
          ? html`<wa-input
              name="current_password"
              type="password"
              label="Current password"
              autocomplete="current-password"
              password-toggle
              required
              maxlength="1024"
            ></wa-input>`
          : nothing
      }
      <wa-input
        name="password"
        type="password"
        label="New password"
        hint="At least 8 characters"
        autocomplete="new-password"
        password-toggle
        required
        minlength="8"
        maxlength="1024"
      ></wa-input>
      <wa-input
        name="again"
        type="password"
        label="New password again"
        autocomplete="new-password"
        password-toggle
        required
      ></wa-input>`;
  }

  protected async save(fields: FormData) {
    const password = String(fields.get('password'));
    if (password !== fields.get('again')) throw inputProblem(TWICE, 'The two new passwords differ');
    const current = fields.get('current_password');
    await changeOwnPassword({
      password,
      ...(current !== null && { current_password: String(current) }),
    });
  }
}

const TWICE = 'Write it twice, so that no slip of the finger locks you out.';

customElements.define('account-password', AccountPassword);
