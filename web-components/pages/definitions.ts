import { Task } from '@lit/task';
import { css, html } from 'lit';
import { Page } from '../app/page.ts';
import { listDefinitions } from '../data/definitions.ts';
import { whenLoaded } from '../elements/states.ts';
import { shared } from '../styles/shared.ts';

/** `/`: the definitions. */
export class DefinitionsPage extends Page {
  static override properties = { query: { attribute: false } };
  static override styles = [shared, css``];
  declare query: URLSearchParams;

  readonly #found = new Task(this, {
    task: ([q]) => listDefinitions({ q: q ?? '' }),
    args: () => [this.query.get('q')] as const,
  });

  override render() {
    return html`<h1 tabindex="-1">Definitions</h1>
      ${whenLoaded(this.#found, ({ items }) => html`<ul>${items.map((item) => html`<li><a href="/definitions/${item.name}">${item.display_name}</a></li>`)}</ul>`)}`;
  }
}

customElements.define('definitions-page', DefinitionsPage);
