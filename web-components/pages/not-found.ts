import { html } from 'lit';
import { Page } from '../app/page.ts';
import { empty } from '../elements/states.ts';
import { shared } from '../styles/shared.ts';

/** The page for unknown addresses. */
export class NotFoundPage extends Page {
  static override styles = [shared];

  override render() {
    return html`<h1 tabindex="-1" class="visually-hidden">Not found</h1>
      ${empty(
        'search',
        'Page not found',
        html`Check the address, go to the <a href="/">definitions</a>, or search above.`,
      )}`;
  }
}

customElements.define('not-found-page', NotFoundPage);

declare global {
  interface HTMLElementTagNameMap {
    'not-found-page': NotFoundPage;
  }
}
