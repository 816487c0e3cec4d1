import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, LitElement, nothing } from 'lit';
import { type Me, session } from '../../data/session.ts';
import { confirm } from '../../elements/confirm.ts';
import { icon } from '../../elements/icon.ts';
import { ago } from '../../elements/time.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';

/** Which providers lead to one's account, and the way to the registry's own. Nothing where there is none. */
export class AccountSingleSignOn extends LitElement {
  static override properties = { me: { attribute: false } };
  static override styles = [shared, sections];

  declare me: Me;
  readonly #provider = new Task(this, {
    task: () => session.singleSignOn(location.href),
    args: () => [] as const,
  });

  /** What takes no room leaves no gap. */
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
          ? html`<p class="quiet">Not linked: signing in at ${provider?.provider} does not lead to this account.</p>`
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
      text: html`Sign in at ${host} now. From then on that leads to this account,
        <strong>${this.me.user.username}</strong>. An account that it has led to before keeps it.`,
      action: `Go to ${host}`,
      act: async () => location.assign(await session.linkSingleSignOn(location.href)),
    });
  }
}

const hostOf = (issuer: string) => new URL(issuer).host;

customElements.define('account-single-sign-on', AccountSingleSignOn);
