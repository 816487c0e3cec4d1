import '@awesome.me/webawesome/dist/components/textarea/textarea.js';
import { html } from 'lit';
import { changeLab, type Lab } from '../../data/labs.ts';
import { EditableCard } from '../../elements/editable.ts';

/**
 * The modules and built-in functions that definitions of the lab may not use, and those that it allows as exceptions.
 */
export class LabImports extends EditableCard {
  static override properties = { lab: { attribute: false } };
  readonly heading = 'Imports';
  declare lab: Lab;

  protected view() {
    const { banned_imports, allowed_imports } = this.lab;
    return html`<div>
        <h3>Banned</h3>
        <p class="quiet small">A definition that uses one of these imports is invalid and cannot land.</p>
        ${names(banned_imports, 'Nothing is banned.')}
      </div>
      <div>
        <h3>Exceptions</h3>
        <p class="quiet small">The registry and the lab’s computers allow these imports, even if they match a banned import.</p>
        ${names(allowed_imports, 'No exceptions.')}
      </div>`;
  }

  protected fields() {
    const { banned_imports, allowed_imports } = this.lab;
    return html`<wa-textarea
        name="banned_imports"
        label="Banned"
        hint="Modules and built-in functions, one per line"
        rows="8"
        resize="auto"
        spellcheck="false"
        autocapitalize="off"
        .defaultValue=${banned_imports.join('\n')}
      ></wa-textarea>
      <wa-textarea
        name="allowed_imports"
        label="Exceptions"
        hint="One per line"
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
