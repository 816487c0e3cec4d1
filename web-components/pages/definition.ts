import { Task } from '@lit/task';
import { html } from 'lit';
import { Page } from '../app/page.ts';
import { readDefinition } from '../data/definitions.ts';
import { whenLoaded } from '../elements/states.ts';
import { shared } from '../styles/shared.ts';

/** `/definitions/<Name>`. */
export class DefinitionPage extends Page {
  static override properties = { name: {}, query: { attribute: false } };
  static override styles = [shared];
  declare name: string;
  declare query: URLSearchParams;

  readonly #definition = new Task(this, {
    task: ([name]) => readDefinition(name),
    args: () => [this.name] as const,
  });

  override render() {
    return html`<h1 tabindex="-1">${this.name}</h1>
      ${whenLoaded(this.#definition, ({ source_code }) => html`<pre>${source_code}</pre>`)}`;
  }
}

customElements.define('definition-page', DefinitionPage);
