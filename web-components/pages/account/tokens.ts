import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, LitElement, nothing } from 'lit';
import {
  type CreatedToken,
  createToken,
  deleteToken,
  listTokens,
  type Token,
} from '../../data/tokens.ts';
import { badge } from '../../elements/badge.ts';
import { confirm } from '../../elements/confirm.ts';
import { icon } from '../../elements/icon.ts';
import '../../elements/secret.ts';
import { empty, whenLoaded } from '../../elements/states.ts';
import '../../elements/table.ts';
import type { Column } from '../../elements/table.ts';
import { ago } from '../../elements/time.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';
import { tokenFields, tokenOf } from './token-fields.ts';

/** The user's own tokens. The secret of a new token is shown once. */
export class AccountTokens extends LitElement {
  static override properties = { made: { state: true } };
  static override styles = [shared, sections];

  declare made: CreatedToken | undefined;
  readonly #tokens = new Task(this, { task: () => listTokens(), args: () => [] as const });

  get #columns(): Column<Token>[] {
    return [
      {
        label: 'Token',
        cell: ({ name, hint }) => html`${name} <code class="quiet">${hint}…</code>`,
      },
      { label: 'Scope', cell: ({ scope }) => badge(scope), width: '7rem' },
      {
        label: 'Last used',
        cell: ({ last_used_at }) => (last_used_at ? ago(last_used_at) : 'never'),
        width: '10rem',
      },
      { label: 'Expires', cell: expiry, width: '10rem' },
      {
        label: 'Actions',
        hideLabel: true,
        cell: (
          token,
        ) => html`<wa-button size="s" appearance="plain" @click=${() => this.#remove(token)}>
          ${icon('trash')}<span class="visually-hidden">Delete token ${token.name}</span>
        </wa-button>`,
        align: 'end',
        width: '4rem',
      },
    ];
  }

  override render() {
    return html`<section class="card" aria-label="Tokens">
      <div class="head body">
        <h2 tabindex="-1">Tokens</h2>
        <wa-button size="s" appearance="outlined" @click=${this.#create}>${icon('plus', 'start')} New token</wa-button>
      </div>
      ${this.made ? this.#secret(this.made) : nothing}
      ${whenLoaded(this.#tokens, ({ items }) =>
        items.length === 0
          ? empty(
              'key',
              'You have no tokens',
              'Git and programs use a token as their password. Create a token for each program, so that you can delete tokens separately.',
            )
          : html`<registry-table caption="Tokens" .columns=${this.#columns} .rows=${items}></registry-table>`,
      )}
    </section>`;
  }

  #secret({ name, token }: CreatedToken) {
    return html`<div class="body">
      <registry-secret
        .heading=${`Token ${name}`}
        label="token"
        .lines=${[token]}
        @done=${() => {
          this.made = undefined;
          this.#focusHeading();
        }}
        >Copy the token now: it is not shown again. With git, use the token as the password, with any username. Programs send the token as
        <code>Authorization: Bearer …</code>.</registry-secret
      >
    </div>`;
  }

  async #create() {
    this.made = undefined;
    let made: CreatedToken | undefined;
    await confirm({
      title: 'New token',
      text: tokenFields(),
      action: 'Create token',
      act: async (_reason, fields) => {
        made = await createToken(tokenOf(fields, Date.now()));
      },
    });
    this.made = made;
    await this.#tokens.run();
  }

  async #remove({ id, name }: Token) {
    const gone = await confirm({
      title: `Delete token ${name}`,
      text: 'Everything that uses this token stops working at once. You cannot undo this, but you can create a new token.',
      action: 'Delete token',
      danger: true,
      act: async () => await deleteToken(id),
    });
    if (!gone) return;
    this.#focusHeading();
    await this.#tokens.run();
  }

  /** Focuses the heading. Call this method before the element that has the focus disappears. */
  #focusHeading() {
    this.renderRoot.querySelector('h2')?.focus();
  }
}

function expiry({ expires_at }: Token) {
  if (expires_at === null) return 'never';
  return Date.parse(expires_at) < Date.now()
    ? badge('expired', 'danger', 'clock')
    : ago(expires_at);
}

customElements.define('account-tokens', AccountTokens);
