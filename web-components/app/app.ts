import { html, LitElement, nothing } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { SessionController, session } from '../data/session.ts';
import { icon } from '../elements/icon.ts';
import '../elements/problem.ts';
import '../elements/states.ts';
import { shared } from '../styles/shared.ts';
import './bar.ts';
import { goTo, signInAddress } from './go.ts';
import { layout } from './layout.ts';
import { isCurrent, NAVIGATION } from './navigation.ts';
import './notice.ts';
import { Page, windowTitle } from './page.ts';
import { type Place, startRouter } from './router.ts';

/** The root element: bar, navigation and the page at the current address. */
export class RegistryApp extends LitElement {
  static override properties = {
    place: { state: true },
    error: { state: true },
    isMenuOpen: { state: true },
    hasEnded: { state: true },
  };
  static override styles = [shared, layout];

  declare place: Place | undefined;
  declare error: unknown;
  declare isMenuOpen: boolean;
  /** Whether to offer the sign-in dialog, because the session ended and a request waits for a new session. */
  declare hasEnded: boolean;
  readonly #session = new SessionController(this);

  constructor() {
    super();
    this.isMenuOpen = false;
    this.hasEnded = false;
  }

  override connectedCallback() {
    super.connectedCallback();
    // No page handled this error, so the page may be in any state: tell the user.
    addEventListener('unhandledrejection', ({ reason }) => this.#fail(reason));
    // An error event that carries no error reports a ResizeObserver loop, which is harmless.
    addEventListener('error', ({ error }) => error && this.#fail(error));
    session.addEventListener('ended', () => void this.#offerSignIn());
    // The session or the roles may have changed while the window was hidden.
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && session.me) void session.load().catch(() => undefined);
    });
    void session
      .load()
      .catch((error) => this.#fail(error))
      .finally(() => startRouter(async (place, isNew) => await this.#show(place, isNew)));
  }

  override render() {
    return html`<header>
        <a class="skip" href="#main" @click=${this.#skip}>Skip to main content</a>
        <registry-bar
          .isMenuOpen=${this.isMenuOpen}
          .searched=${this.place?.query.get('q') ?? ''}
          @menu-toggle=${this.#toggleMenu}
        ></registry-bar>
      </header>
      <nav aria-label="Main" ?data-open=${this.isMenuOpen} @click=${this.#closeMenu} @keydown=${this.#closeByKey}>
        ${this.#navigation()}
      </nav>
      <main id="main" tabindex="-1">
        <registry-problem .error=${this.error}>
          <a href=${location.href} @click=${this.#reload}>Reload the page</a>
        </registry-problem>
        ${this.place ? this.#page(this.place) : html`<registry-loading></registry-loading>`}
      </main>
      <app-notice></app-notice>
      ${
        this.hasEnded
          ? html`<session-ended-dialog @closed=${this.#closeSessionDialog}></session-ended-dialog>`
          : nothing
      }`;
  }

  /** A change of the path's parameters creates a new element, so that no state of the previous page remains. */
  #page({ route, params, query }: Place) {
    return keyed(JSON.stringify(params), route.render(params, query));
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

  /** Keeps the previous page on screen until the module of the new page has loaded. */
  async #show(place: Place, isNewPage: boolean) {
    if (place.route.needsSignIn && this.#session.me === null) {
      return goTo(signInAddress(), { replace: true });
    }
    try {
      await place.route.load();
    } catch (error) {
      this.#fail(await explainFailedLoad(error));
      return;
    }
    if (isNewPage) this.error = undefined;
    this.place = place;
    document.title = windowTitle(place.route.title(place.params));
    await this.updateComplete;
    const page = this.renderRoot.querySelector('main > :last-child');
    if (isNewPage && page instanceof Page) await page.focusHeading();
  }

  #fail(error: unknown) {
    this.error = error ?? new Error('Unknown error.');
  }

  async #offerSignIn() {
    await import('./session-ended-dialog.ts');
    this.hasEnded = true;
  }

  #closeSessionDialog() {
    this.hasEnded = false;
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

  /**
   * Closes the navigation and moves the focus to its button. If a new page opens, the page then focuses its heading.
   */
  #closeMenu() {
    if (!this.isMenuOpen) return;
    this.isMenuOpen = false;
    this.renderRoot.querySelector('registry-bar')?.focusMenu();
  }

  #closeByKey({ key }: KeyboardEvent) {
    if (key === 'Escape') this.#closeMenu();
  }
}

/**
 * Explains why the module of a page failed to load. If the registry answers, it was probably upgraded and no longer has
 * the old files. Browsers report the same error when the registry is unreachable. Without an answer from the registry,
 * the error is returned unchanged.
 */
async function explainFailedLoad(error: unknown): Promise<unknown> {
  const answers = await fetch('/healthz').then(
    () => true,
    () => false,
  );
  if (!answers) return error;
  const text = 'The page could not be loaded. The registry may have been upgraded.';
  return new Error(text, { cause: error });
}

customElements.define('registry-app', RegistryApp);

declare global {
  interface HTMLElementTagNameMap {
    'registry-app': RegistryApp;
  }
}
