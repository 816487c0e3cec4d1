import { html, LitElement, nothing } from 'lit';
import { SessionController, session } from '../data/session.ts';
import { icon } from '../elements/icon.ts';
import '../elements/problem.ts';
import '../elements/states.ts';
import { shared } from '../styles/shared.ts';
import './bar.ts';
import { goTo } from './go.ts';
import { layout } from './layout.ts';
import { isCurrent, NAVIGATION } from './navigation.ts';
import { Page } from './page.ts';
import { type Place, startRouter } from './router.ts';

/** The whole interface: bar, navigation, and the page at the present address. */
export class RegistryApp extends LitElement {
  static override properties = {
    place: { state: true },
    error: { state: true },
    isMenuOpen: { state: true },
    isOnline: { state: true },
    hasEnded: { state: true },
  };
  static override styles = [shared, layout];

  declare place: Place | undefined;
  declare error: unknown;
  declare isMenuOpen: boolean;
  declare isOnline: boolean;
  /** Whether the session ended while something was being done. */
  declare hasEnded: boolean;
  readonly #session = new SessionController(this);

  constructor() {
    super();
    this.isMenuOpen = false;
    this.isOnline = navigator.onLine;
    this.hasEnded = false;
  }

  override connectedCallback() {
    super.connectedCallback();
    addEventListener('online', () => {
      this.isOnline = true;
    });
    addEventListener('offline', () => {
      this.isOnline = false;
    });
    // What no page has dealt with: the page may be in any state, so say so rather than go on in silence.
    addEventListener('unhandledrejection', ({ reason }) => this.#fail(reason));
    // An error event without an error is the browser's note that sizes changed while it measured them: nothing failed.
    addEventListener('error', ({ error }) => error && this.#fail(error));
    session.addEventListener('ended', () => void this.#offerSignIn());
    void session
      .load()
      .catch((error) => this.#fail(error))
      .finally(() => startRouter(async (place, isNew) => await this.#show(place, isNew)));
  }

  override render() {
    return html`<header>
        <a class="skip" href="#main" @click=${this.#skip}>Skip to the page</a>
        <registry-bar
          .isMenuOpen=${this.isMenuOpen}
          .searched=${this.place?.query.get('q') ?? ''}
          @menu-toggle=${this.#toggleMenu}
        ></registry-bar>
      </header>
      <nav aria-label="Main" ?data-open=${this.isMenuOpen} @click=${this.#closeMenu}>
        ${this.#navigation()}
      </nav>
      <main id="main" tabindex="-1">
        ${
          this.isOnline
            ? nothing
            : html`<p class="notice" role="status">
                ${icon('offline')} This computer is offline. What you see may be old; nothing can be saved.
              </p>`
        }
        <registry-problem .error=${this.error}>
          <a href=${location.href} @click=${this.#reload}>Load the page again</a>
        </registry-problem>
        ${this.place ? this.place.route.render(this.place.params, this.place.query) : html`<registry-loading></registry-loading>`}
      </main>
      ${
        this.hasEnded
          ? html`<session-ended-dialog @closed=${this.#sessionDecided}></session-ended-dialog>`
          : nothing
      }`;
  }

  #navigation() {
    const { me } = this.#session;
    const path = location.pathname;
    const shown = NAVIGATION.filter(({ shownTo = () => true }) => shownTo(me));
    return html`<ul>
      ${shown.map(
        (item) =>
          html`<li>
            <a href=${item.path} aria-current=${isCurrent(item, path) ? 'page' : nothing}>
              ${icon(item.icon)} ${item.label}
            </a>
          </li>`,
      )}
    </ul>`;
  }

  /** Nothing is shown of a page before its module is there, and the page before it stays until then. */
  async #show(place: Place, isNewPage: boolean) {
    try {
      await place.route.load();
    } catch (error) {
      // After an upgrade of the registry the files of the version before are gone.
      this.#fail(
        new Error('This page could not be loaded; the registry may have been upgraded.', {
          cause: error,
        }),
      );
      return;
    }
    if (isNewPage) this.error = undefined;
    this.place = place;
    document.title = `${place.route.title(place.params)} · Definition Registry`;
    await this.updateComplete;
    const page = this.renderRoot.querySelector('main > :last-child');
    if (isNewPage && page instanceof Page) await page.focusHeading();
  }

  #fail(error: unknown) {
    this.error = error ?? new Error('unknown');
  }

  async #offerSignIn() {
    await import('./session-ended-dialog.ts');
    this.hasEnded = true;
  }

  #sessionDecided() {
    this.hasEnded = false;
    if (!session.me) goTo(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  }

  #skip(event: Event) {
    event.preventDefault();
    this.renderRoot.querySelector('main')?.focus();
  }

  #reload(event: Event) {
    event.preventDefault();
    location.reload();
  }

  #toggleMenu() {
    this.isMenuOpen = !this.isMenuOpen;
  }

  #closeMenu() {
    this.isMenuOpen = false;
  }
}

customElements.define('registry-app', RegistryApp);

declare global {
  interface HTMLElementTagNameMap {
    'registry-app': RegistryApp;
  }
}
