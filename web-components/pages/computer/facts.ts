import '@awesome.me/webawesome/dist/components/input/input.js';
import { html } from 'lit';
import { type Computer, changeComputer } from '../../data/equipment.ts';
import { EditableCard, textOf } from '../../elements/editable.ts';
import { ago } from '../../elements/time.ts';

/** The facts about a computer. The computer reports its operating system and its id when it is enrolled. */
export class ComputerFacts extends EditableCard {
  static override properties = { computer: { attribute: false } };
  readonly heading = 'Details';
  declare computer: Computer;

  protected view() {
    const { nickname, location, os, username, computer_id, enrolled_at, last_seen } = this.computer;
    return html`<dl class="facts">
      <dt>Nickname</dt>
      <dd>${nickname ?? '–'}</dd>
      <dt>Location</dt>
      <dd>${location ?? '–'}</dd>
      <dt>Operating system</dt>
      <dd>${os ?? '–'}</dd>
      <dt>User</dt>
      <dd>${username ?? '–'}</dd>
      <dt>Computer ID</dt>
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
        hint="The usual name of the computer, for example “cryostat PC”"
        maxlength="500"
        .defaultValue=${nickname ?? ''}
      ></wa-input>
      <wa-input
        name="location"
        label="Location"
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
