import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { html, nothing } from 'lit';
import { searchAsTyped, setQuery } from '../../app/go.ts';
import { icon } from '../../elements/icon.ts';

const textIn = (event: Event) => (event.target as HTMLInputElement).value;

/** A field that searches the list while the user types. */
export const searchField = (label: string, query: URLSearchParams) => html`<wa-input
  type="search"
  size="s"
  label=${label}
  .value=${query.get('q') ?? ''}
  @input=${(event: Event) => searchAsTyped(textIn(event))}
  >${icon('search', 'start')}</wa-input
>`;

/** A field that filters the list by one value of `name`. Renders nothing if there are fewer than two values. */
export function choiceField(
  name: string,
  label: string,
  any: string,
  choices: Iterable<readonly [string, string]>,
  query: URLSearchParams,
) {
  const all = [...choices];
  if (all.length < 2) return nothing;
  return html`<wa-select
    size="s"
    label=${label}
    placeholder=${any}
    with-clear
    .value=${query.get(name) ?? ''}
    @change=${(event: Event) => setQuery({ [name]: textIn(event), page: undefined })}
  >
    ${all.map(([value, text]) => html`<wa-option value=${value}>${text}</wa-option>`)}
  </wa-select>`;
}

/** The labs as choices for `choiceField`. */
export const labChoices = (labs: ReadonlyMap<number, string>) =>
  [...labs].map(([id, name]) => [String(id), name] as const);
