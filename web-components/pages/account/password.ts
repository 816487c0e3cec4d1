import '@awesome.me/webawesome/dist/components/input/input.js';
import { html } from 'lit';
import { RegistryError } from '../../data/client.ts';
import { session } from '../../data/session.ts';
import { changeOwnPassword } from '../../data/users.ts';
import { EditableCard } from '../../elements/editable.ts';

/** One's own password. */
export class AccountPassword extends EditableCard {
  readonly heading = 'Password';
  override readonly editLabel = 'Change';

  protected view() {
    return html`<p class="quiet">
      A new password ends every session of yours except this one. Tokens go on until they expire or are deleted.
    </p>`;
  }

  protected fields() {
    return html`<input type="hidden" autocomplete="username" .value=${session.me?.user.username ?? ''} />
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
        label="The same again"
        autocomplete="new-password"
        password-toggle
        required
      ></wa-input>`;
  }

  protected async save(fields: FormData) {
    const password = String(fields.get('password'));
    if (password !== fields.get('again')) throw differs();
    await changeOwnPassword(password);
  }
}

const differs = () =>
  new RegistryError({
    type: 'about:blank',
    title: 'The two are not the same',
    status: 422,
    code: 'invalid',
    detail: 'Write the new password twice, so that no slip of the finger locks you out.',
  });

customElements.define('account-password', AccountPassword);
