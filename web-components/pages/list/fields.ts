import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { html, nothing } from 'lit';
import { searchAsTyped, setQuery } from '../../app/go.ts';
import { icon } from '../../elements/icon.ts';

const textIn = (event: Event) => (event.target as HTMLInputElement).value;

/** Searches a list as one types. */
export const searchField = (label: string, query: URLSearchParams) => html`<wa-input
  type="search"
  size="s"
  label=${label}
  .value=${query.get('q') ?? ''}
  @input=${(event: Event) => searchAsTyped(textIn(event))}
  >${icon('search', 'start')}</wa-input
>`;

/** Narrows a list down to one value of `name`. Nothing where there is no choice. */
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

/** The labs, as `choiceField` takes them. */
export const labChoices = (labs: ReadonlyMap<number, string>) =>
  [...labs].map(([id, name]) => [String(id), name] as const);
