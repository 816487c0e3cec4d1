import '@awesome.me/webawesome/dist/components/input/input.js';
import { html, nothing } from 'lit';
import { inputProblem } from '../../data/client.ts';
import { session } from '../../data/session.ts';
import { changeOwnPassword } from '../../data/users.ts';
import { EditableCard } from '../../elements/editable.ts';
import { exactTime } from '../../elements/time.ts';

/** The card with the user's own password. */
export class AccountPassword extends EditableCard {
  static override properties = {
    hasOne: { type: Boolean, attribute: 'has-one' },
    expires: { attribute: false },
  };
  readonly heading = 'Password';
  /** Whether the user has a password. Users who sign in with single sign-on may have no password. */
  declare hasOne: boolean;
  /** When a password that the registry generated expires, or null for a password that the user chose. */
  declare expires: string | null;

  override get editLabel() {
    return this.hasOne ? 'Change' : 'Set';
  }

  protected view() {
    return html`${
      this.expires
        ? html`<p><strong>Your password is temporary and expires on ${exactTime(this.expires)}. Choose a new password.</strong></p>`
        : nothing
    }
    <p class="quiet">
      ${
        this.hasOne
          ? 'A new password ends all your other sessions. Tokens keep working until they expire or you delete them.'
          : 'You have no password because you sign in with single sign-on. Set a password to also sign in without the provider.'
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
        label="Confirm new password"
        autocomplete="new-password"
        password-toggle
        required
      ></wa-input>`;
  }

  protected async save(fields: FormData) {
    const password = String(fields.get('password'));
    if (password !== fields.get('again'))
      throw inputProblem(MISMATCH, 'The new passwords do not match');
    const current = fields.get('current_password');
    await changeOwnPassword({
      password,
      ...(current !== null && { current_password: String(current) }),
    });
  }
}

const MISMATCH = 'Enter the same new password twice.';

customElements.define('account-password', AccountPassword);
