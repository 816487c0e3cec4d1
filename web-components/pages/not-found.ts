import { html } from 'lit';
import { Page } from '../app/page.ts';
import { empty } from '../elements/states.ts';
import { shared } from '../styles/shared.ts';

/** For every address where no page stands. */
export class NotFoundPage extends Page {
  static override styles = [shared];

  override render() {
    return html`<h1 tabindex="-1" class="visually-hidden">Not found</h1>
      ${empty(
        'search',
        'There is no page at this address',
        html`It may have been misspelt or moved. Go to the <a href="/">definitions</a>, or search above.`,
      )}`;
  }
}

customElements.define('not-found-page', NotFoundPage);

declare global {
  interface HTMLElementTagNameMap {
    'not-found-page': NotFoundPage;
  }
}
