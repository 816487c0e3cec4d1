import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, LitElement, nothing } from 'lit';
import { type Me, session } from '../../data/session.ts';
import { confirm } from '../../elements/confirm.ts';
import { icon } from '../../elements/icon.ts';
import { ago } from '../../elements/time.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';

/**
 * The providers that can sign the user in to this account, and a button to link the registry's provider. The card is
 * hidden if the account has no provider and none can be linked.
 */
export class AccountSingleSignOn extends LitElement {
  static override properties = { me: { attribute: false } };
  static override styles = [shared, sections];

  declare me: Me;
  readonly #provider = new Task(this, {
    task: () => session.singleSignOn(location.href),
    args: () => [] as const,
  });

  /** Hides the whole element when it is empty, so that the grid has no gap. */
  protected override willUpdate() {
    this.hidden = !this.#provider.value && this.me.identities.length === 0;
  }

  override render() {
    const { identities } = this.me;
    const provider = this.#provider.value;
    if (this.hidden) return nothing;
    const isLinked = identities.some(({ issuer }) => hostOf(issuer) === provider?.provider);
    return html`<section class="card body" aria-label="Single sign-on">
      <div class="head">
        <h2>Single sign-on</h2>
        ${
          provider && !isLinked
            ? html`<wa-button size="s" appearance="outlined" @click=${this.#link}>
                ${icon('shield', 'start')} Link with ${provider.provider}
              </wa-button>`
            : nothing
        }
      </div>
      ${
        identities.length === 0
          ? html`<p class="quiet">Not linked. You cannot sign in to this account with ${provider?.provider}.</p>`
          : html`<ul>
              ${identities.map(
                ({ issuer, linked_at }) =>
                  html`<li>${icon('check')} Linked with <strong>${hostOf(issuer)}</strong>, ${ago(linked_at)}</li>`,
              )}
            </ul>`
      }
    </section>`;
  }

  async #link() {
    const host = this.#provider.value?.provider;
    await confirm({
      title: `Link with ${host}`,
      text: html`Sign in at ${host} to link your account. From then on, ${host} signs you in to this account,
        <strong>${this.me.user.username}</strong>. If your identity at ${host} is already linked to another account, it stays
        linked to that account.`,
      action: `Go to ${host}`,
      act: async () => location.assign(await session.linkSingleSignOn(location.href)),
    });
  }
}

const hostOf = (issuer: string) => new URL(issuer).host;

customElements.define('account-single-sign-on', AccountSingleSignOn);
