import '@awesome.me/webawesome/dist/components/input/input.js';
import { html } from 'lit';
import { type Computer, changeComputer } from '../../data/equipment.ts';
import { EditableCard, textOf } from '../../elements/editable.ts';
import { ago } from '../../elements/time.ts';

/** What a computer is, and where; who it is it says itself when it is enrolled. */
export class ComputerFacts extends EditableCard {
  static override properties = { computer: { attribute: false } };
  readonly heading = 'About it';
  declare computer: Computer;

  protected view() {
    const { nickname, location, os, username, computer_id, enrolled_at, last_seen } = this.computer;
    return html`<dl class="facts">
      <dt>Nickname</dt>
      <dd>${nickname ?? '–'}</dd>
      <dt>Where it stands</dt>
      <dd>${location ?? '–'}</dd>
      <dt>System</dt>
      <dd>${os ?? '–'}</dd>
      <dt>User there</dt>
      <dd>${username ?? '–'}</dd>
      <dt>Identity</dt>
      <dd>${computer_id ? html`<code>${computer_id}</code>` : '–'}</dd>
      <dt>Enrolled</dt>
      <dd>${enrolled_at ? ago(enrolled_at) : 'not yet'}</dd>
      <dt>Last seen</dt>
      <dd>${last_seen ? ago(last_seen) : 'never'}</dd>
    </dl>`;
  }

  protected fields() {
    const { nickname, location } = this.computer;
    return html`<wa-input
        name="nickname"
        label="Nickname"
        hint="What people call it, such as “the cryostat’s PC”"
        maxlength="500"
        .defaultValue=${nickname ?? ''}
      ></wa-input>
      <wa-input
        name="location"
        label="Where it stands"
        maxlength="500"
        .defaultValue=${location ?? ''}
      ></wa-input>`;
  }

  protected async save(fields: FormData) {
    await changeComputer(this.computer.id, {
      nickname: textOf(fields, 'nickname'),
      location: textOf(fields, 'location'),
    });
  }
}

customElements.define('computer-facts', ComputerFacts);
