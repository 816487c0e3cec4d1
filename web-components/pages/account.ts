import { html, nothing } from 'lit';
import { Page } from '../app/page.ts';
import { SessionController } from '../data/session.ts';
import { badge } from '../elements/badge.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import './account/password.ts';
import './account/profile.ts';
import './account/single-sign-on.ts';
import './account/tokens.ts';

/** `/account`: the user's own profile, password and tokens. */
export class AccountPage extends Page {
  static override styles = [shared, sections];
  readonly #session = new SessionController(this);

  override render() {
    return html`<div class="page">
      <h1 tabindex="-1">Your account</h1>
      ${this.#content()}
    </div>`;
  }

  #content() {
    const { me } = this.#session;
    if (!me) return nothing;
    return html`<div class="columns">
        <account-profile mayEdit .user=${me.user}></account-profile>
        <div class="page">
          <account-password mayEdit ?has-one=${me.has_password} .expires=${me.password_expires_at}></account-password>
          <account-single-sign-on .me=${me}></account-single-sign-on>
        </div>
      </div>
      <account-tokens></account-tokens>
      <section class="card body" aria-label="Labs">
        <h2>Labs</h2>
        ${
          me.labs.length === 0
            ? html`<p class="quiet">You do not belong to a lab. Ask a lab admin to add you, and tell them your username: <strong>${me.user.username}</strong>.</p>`
            : html`<ul class="fields">
                ${me.labs.map(({ lab_id, name, role }) => html`<li class="row"><a href="/labs/${lab_id}">${name}</a> ${badge(role)}</li>`)}
              </ul>`
        }
      </section>`;
  }
}

customElements.define('account-page', AccountPage);
