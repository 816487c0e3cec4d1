import { css, html, LitElement, nothing } from 'lit';
import type { Definition } from '../../data/definitions.ts';
import { SessionController } from '../../data/session.ts';
import { revealHidden } from '../../elements/reveal-hidden.ts';
import '../../elements/copy.ts';
import '../../elements/settings.ts';
import { ago } from '../../elements/time.ts';
import { shared } from '../../styles/shared.ts';
import './instances.ts';
import './provenance.ts';
import './requests.ts';
import './tested.ts';

/** The overview of a definition: description, data, settings, instruments and details. */
export class DefinitionOverview extends LitElement {
  static override properties = { definition: { attribute: false } };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 20rem;
        gap: var(--wa-space-l);
        align-items: start;
      }
      .main,
      .side,
      .about {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--wa-space-l);
      }
      section > h2,
      .heading {
        margin-block-end: var(--wa-space-xs);
      }
      h2 {
        font-size: var(--wa-font-size-m);
      }
      .description {
        white-space: pre-wrap;
      }
      .about {
        gap: var(--wa-space-s);
        padding: var(--wa-space-m);
      }
      dl.about {
        grid-template-columns: max-content minmax(0, 1fr);
        gap: var(--wa-space-2xs) var(--wa-space-m);
      }
      dt {
        color: var(--wa-color-text-quiet);
      }
      dd {
        overflow-wrap: anywhere;
      }
      td,
      th {
        padding-block: var(--wa-space-2xs);
      }
      @media (max-width: 64rem) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];
  declare definition: Definition;
  readonly #session = new SessionController(this);

  override render() {
    const { id, description, settings_schema, default_settings, lab_id, tested } = this.definition;
    return html`<div class="main">
        <section>
          <h2>Description</h2>
          ${
            description
              ? html`<p class="description">${revealHidden(description.trim())}</p>`
              : html`<p class="quiet">No description. To describe the definition here, add a docstring to the class.</p>`
          }
        </section>
        ${this.#signals()}
        <section>
          <h2>Settings</h2>
          <div class="card">
            <registry-settings
              .schema=${settings_schema}
              .defaults=${default_settings}
            ></registry-settings>
          </div>
        </section>
        ${this.#session.me ? html`<definition-instances .definitionId=${id}></definition-instances>` : nothing}
      </div>
      <div class="side">
        ${this.#use()}
        ${this.#session.may('contributor', lab_id) ? html`<definition-requests .definitionId=${id}></definition-requests>` : nothing}
        ${tested ? html`<definition-tested .definition=${this.definition}></definition-tested>` : nothing}
        <definition-provenance .definition=${this.definition}></definition-provenance>
        ${this.#facts()}
      </div>`;
  }

  /** The data columns of a measurement or the position of a movement, with units. */
  #signals() {
    const { data_columns, data_units, position_column, position_units } = this.definition;
    if (!data_columns?.length && !position_column) return nothing;
    return html`<section>
      <h2>${position_column ? 'Position' : 'Data'}</h2>
      <div class="card">
        <table>
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Unit</th>
            </tr>
          </thead>
          <tbody>
            ${position_column ? signal(position_column, position_units) : nothing}
            ${(data_columns ?? []).map((column, index) => signal(column, data_units?.[index]))}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  #use() {
    const { clone_url, name } = this.definition;
    return html`<section>
      <h2>Use</h2>
      <div class="card about">
        <div>
          <p class="quiet small">With git</p>
          <registry-copy label="git clone command" value="git clone ${clone_url}"></registry-copy>
        </div>
        <div>
          <p class="quiet small">In Python on a lab computer</p>
          <registry-copy
            label="Python code"
            value=${`registry.create("${name}", adapter="…")`}
          ></registry-copy>
        </div>
      </div>
    </section>`;
  }

  #facts() {
    const { base_class, dependencies, permissions, created_by, created_at, updated_at } =
      this.definition;
    return html`<section>
      <h2>Details</h2>
      <dl class="card about">
        ${fact('Base class', base_class && html`<code>${base_class}</code>`)}
        ${fact('Dependencies', dependencies.length > 0 && html`<code>${dependencies.join(', ')}</code>`)}
        ${fact('May use', permissions.length > 0 && html`<code>${permissions.join(', ')}</code>, which the lab otherwise bans`)}
        ${fact('Created', html`${ago(created_at)}${created_by ? ` by ${created_by}` : ''}`)}
        ${fact('Updated', ago(updated_at))}
      </dl>
    </section>`;
  }
}

function signal(column: string, unit: string | null | undefined) {
  return html`<tr>
    <td><code>${column}</code></td>
    <td>${unit ?? ''}</td>
  </tr>`;
}

function fact(label: string, value: unknown) {
  return value ? html`<dt>${label}</dt><dd>${value}</dd>` : nothing;
}

customElements.define('definition-overview', DefinitionOverview);

declare global {
  interface HTMLElementTagNameMap {
    'definition-overview': DefinitionOverview;
  }
}
