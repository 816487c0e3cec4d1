import '@awesome.me/webawesome/dist/components/textarea/textarea.js';
import { html } from 'lit';
import { changeLab, type Lab } from '../../data/labs.ts';
import { EditableCard } from '../../elements/editable.ts';

/** Which modules and built-in functions definitions of the lab may use. */
export class LabImports extends EditableCard {
  static override properties = { lab: { attribute: false } };
  readonly heading = 'Imports';
  declare lab: Lab;

  protected view() {
    const { banned_imports, allowed_imports } = this.lab;
    return html`<div>
        <h3>Banned</h3>
        <p class="quiet small">A definition that uses one of these is invalid, and does not land.</p>
        ${names(banned_imports, 'Nothing is banned.')}
      </div>
      <div>
        <h3>Allowed all the same</h3>
        <p class="quiet small">What this lab lifts from the list above, here and on its computers.</p>
        ${names(allowed_imports, 'Nothing: what is banned is banned.')}
      </div>`;
  }

  protected fields() {
    const { banned_imports, allowed_imports } = this.lab;
    return html`<wa-textarea
        name="banned_imports"
        label="Banned"
        hint="Modules and built-in functions, a line each"
        rows="8"
        resize="auto"
        spellcheck="false"
        autocapitalize="off"
        .defaultValue=${banned_imports.join('\n')}
      ></wa-textarea>
      <wa-textarea
        name="allowed_imports"
        label="Allowed all the same"
        hint="A line each"
        rows="3"
        resize="auto"
        spellcheck="false"
        autocapitalize="off"
        .defaultValue=${allowed_imports.join('\n')}
      ></wa-textarea>`;
  }

  protected async save(fields: FormData) {
    await changeLab(this.lab.id, {
      banned_imports: words(fields.get('banned_imports')),
      allowed_imports: words(fields.get('allowed_imports')),
    });
  }
}

const words = (text: unknown) => [
  ...new Set(
    String(text ?? '')
      .split(/[\s,]+/)
      .filter(Boolean),
  ),
];

const names = (imports: readonly string[], none: string) =>
  imports.length === 0
    ? html`<p>${none}</p>`
    : html`<ul class="tags">${imports.map((name) => html`<li><code>${name}</code></li>`)}</ul>`;

customElements.define('lab-imports', LabImports);
