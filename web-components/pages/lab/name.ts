import { html } from 'lit';
import { changeLab, type Lab } from '../../data/labs.ts';
import { EditableCard } from '../../elements/editable.ts';
import { ago } from '../../elements/time.ts';
import { labFields, labOf } from './fields.ts';

/** The name and code of a lab. */
export class LabName extends EditableCard {
  static override properties = { lab: { attribute: false } };
  readonly heading = 'Details';
  declare lab: Lab;

  protected view() {
    const { name, code, created_at } = this.lab;
    return html`<dl class="facts">
      <dt>Name</dt>
      <dd>${name}</dd>
      <dt>Code</dt>
      <dd><code>${code}</code></dd>
      <dt>Created</dt>
      <dd>${ago(created_at)}</dd>
    </dl>`;
  }

  protected fields() {
    return labFields(this.lab);
  }

  protected async save(fields: FormData) {
    await changeLab(this.lab.id, labOf(fields));
  }
}

customElements.define('lab-name', LabName);
