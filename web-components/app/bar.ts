import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { SessionController, session } from '../data/session.ts';
import { type IconName, icon } from '../elements/icon.ts';
import { shared } from '../styles/shared.ts';
import { chooseTheme, chosenTheme, type Theme } from '../styles/theme.ts';
import { goTo, searchAsTyped, signInAddress } from './go.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/dropdown/dropdown.js';
import '@awesome.me/webawesome/dist/components/dropdown-item/dropdown-item.js';

const THEMES: Record<Theme, { label: string; icon: IconName }> = {
  system: { label: 'System', icon: 'system' },
  light: { label: 'Light', icon: 'sun' },
  dark: { label: 'Dark', icon: 'moon' },
};

/**
 * The bar above every page: search, theme and account.
 *
 * @fires menu-toggle - The user opens or closes the navigation (narrow screens).
 */
export class RegistryBar extends LitElement {
  static override properties = {
    isMenuOpen: { attribute: false },
    searched: { attribute: false },
    theme: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: var(--wa-space-m);
        block-size: var(--registry-bar-height);
        padding-inline: var(--wa-space-m);
        border-block-end: 1px solid var(--wa-color-surface-border);
        background: var(--registry-card);
      }
      .brand {
        display: flex;
        align-items: center;
        gap: var(--wa-space-xs);
        color: var(--wa-color-text-normal);
        font-weight: var(--wa-font-weight-bold);
        letter-spacing: -0.01em;
        white-space: nowrap;
      }
      .brand:hover {
        text-decoration: none;
      }
      .brand img {
        inline-size: 1.6rem;
      }
      form {
        position: relative;
        flex: 1;
        max-inline-size: 32rem;
        margin-inline: auto;
      }
      form .icon {
        position: absolute;
        inset: 0 auto 0 0.75em;
        margin-block: auto;
        color: var(--wa-color-text-quiet);
        pointer-events: none;
      }
      input {
        inline-size: 100%;
        padding: 0.45em 0.75em 0.45em 2.4em;
        border: 1px solid var(--wa-color-neutral-border-loud);
        border-radius: var(--wa-border-radius-m);
        background: var(--registry-canvas);
        color: inherit;
        font: inherit;
      }
      input::placeholder {
        color: var(--wa-color-text-quiet);
        opacity: 1;
      }
      .menu {
        display: none;
      }
      .end {
        display: flex;
        align-items: center;
        gap: var(--wa-space-2xs);
      }
      wa-button::part(base) {
        padding-inline: 0.6em;
      }
      @media (max-width: 56rem) {
        :host {
          gap: var(--wa-space-2xs);
          padding-inline: var(--wa-space-xs);
        }
        .menu {
          display: block;
        }
        .brand span,
        .name {
          display: none;
        }
      }
    `,
  ];

  declare isMenuOpen: boolean;
  /** The search text of the current page. */
  declare searched: string;
  declare theme: Theme;
  readonly #session = new SessionController(this);

  constructor() {
    super();
    this.theme = chosenTheme();
  }

  /** Focuses the button that opens the navigation. */
  focusMenu(): void {
    this.renderRoot.querySelector<HTMLElement>('.menu')?.focus();
  }

  override connectedCallback() {
    super.connectedCallback();
    document.addEventListener('keydown', this.#startSearch);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.#startSearch);
  }

  override render() {
    return html`<wa-button
        class="menu"
        appearance="plain"
        aria-expanded=${String(this.isMenuOpen)}
        @click=${this.#toggleMenu}
      >
        ${icon('bars')}<span class="visually-hidden">Navigation</span>
      </wa-button>
      <a class="brand" href="/" aria-label="Definition Registry">
        <img src=${LOGO} alt="" /><span>Definition Registry</span>
      </a>
      <form role="search" action="/" @submit=${this.#search}>
        ${icon('search')}
        <input
          type="search"
          name="q"
          aria-label="Search definitions"
          aria-keyshortcuts="/"
          placeholder="Search definitions"
          autocomplete="off"
          @input=${this.#searchAsYouType}
        />
      </form>
      <div class="end">${this.#themes()} ${this.#account()}</div>`;
  }

  protected override updated(changed: PropertyValues<this>) {
    const input = this.renderRoot.querySelector('input');
    // Do not overwrite the input while the user types in it: the address follows the input.
    if (changed.has('searched') && input && input !== this.shadowRoot?.activeElement) {
      input.value = this.searched;
    }
  }

  #themes() {
    return html`<wa-dropdown placement="bottom-end" @wa-select=${this.#choose}>
      <wa-button slot="trigger" appearance="plain">
        ${icon(THEMES[this.theme].icon)}<span class="visually-hidden">Theme</span>
      </wa-button>
      ${Object.entries(THEMES).map(
        ([theme, { label, icon: name }]) =>
          html`<wa-dropdown-item
            type="checkbox"
            value=${theme}
            ?checked=${theme === this.theme}
          >
            ${icon(name, 'icon')} ${label}
          </wa-dropdown-item>`,
      )}
    </wa-dropdown>`;
  }

  #account() {
    const { me } = this.#session;
    if (me === undefined) return nothing;
    if (me === null) {
      return html`<wa-button appearance="plain" href="/sign-in" @click=${this.#signIn}>
        ${icon('signIn', 'start')} Sign in
      </wa-button>`;
    }
    return html`<wa-dropdown placement="bottom-end" @wa-select=${this.#doWithAccount}>
      <wa-button slot="trigger" appearance="plain" with-caret>
        ${icon('person', 'start')}<span class="name">${me.user.name}</span>
        <span class="visually-hidden">Account</span>
      </wa-button>
      <wa-dropdown-item value="account">${icon('key', 'icon')} Account and tokens</wa-dropdown-item>
      <wa-dropdown-item value="sign-out">${icon('signOut', 'icon')} Sign out</wa-dropdown-item>
    </wa-dropdown>`;
  }

  /** `/` focuses the search, as in GitLab, unless the user is typing in a field. */
  readonly #startSearch = (event: KeyboardEvent) => {
    const target = event.composedPath()[0];
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (
      target instanceof HTMLElement &&
      (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
    )
      return;
    event.preventDefault();
    this.renderRoot.querySelector('input')?.select();
  };

  #toggleMenu() {
    this.dispatchEvent(new Event('menu-toggle'));
  }

  #choose(event: CustomEvent<{ item: { value: string } }>) {
    event.preventDefault();
    this.theme = event.detail.item.value as Theme;
    chooseTheme(this.theme);
  }

  async #doWithAccount(event: CustomEvent<{ item: { value: string } }>) {
    if (event.detail.item.value === 'account') return goTo('/account');
    await session.signOut();
    goTo('/sign-in');
  }

  #signIn(event: MouseEvent) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (location.pathname !== '/sign-in') goTo(signInAddress());
  }

  #searchAsYouType(event: InputEvent) {
    if (location.pathname === '/') searchAsTyped((event.target as HTMLInputElement).value);
  }

  #search(event: SubmitEvent) {
    event.preventDefault();
    const q = new FormData(event.target as HTMLFormElement).get('q');
    if (location.pathname !== '/') goTo(`/?${new URLSearchParams({ q: String(q) })}`);
  }
}

const LOGO = new URL('../styles/favicon.svg', import.meta.url).href;

customElements.define('registry-bar', RegistryBar);

declare global {
  interface HTMLElementTagNameMap {
    'registry-bar': RegistryBar;
  }
}
