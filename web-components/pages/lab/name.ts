import '@awesome.me/webawesome/dist/components/input/input.js';
import { html } from 'lit';
import { changeLab, type Lab } from '../../data/labs.ts';
import { EditableCard, textOf } from '../../elements/editable.ts';
import { ago } from '../../elements/time.ts';

/** What a lab is called. */
export class LabName extends EditableCard {
  static override properties = { lab: { attribute: false } };
  readonly heading = 'About it';
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
    return html`<wa-input
        name="name"
        label="Name"
        required
        maxlength="200"
        .defaultValue=${this.lab.name}
      ></wa-input>
      <wa-input
        name="code"
        label="Code"
        hint="Short, for lists and commands: letters, digits, - and _"
        required
        maxlength="50"
        pattern="[A-Za-z0-9][A-Za-z0-9_\\-]*"
        autocapitalize="off"
        spellcheck="false"
        .defaultValue=${this.lab.code}
      ></wa-input>`;
  }

  protected async save(fields: FormData) {
    await changeLab(this.lab.id, {
      name: textOf(fields, 'name') ?? '',
      code: textOf(fields, 'code') ?? '',
    });
  }
}

customElements.define('lab-name', LabName);
