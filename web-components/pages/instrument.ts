import { Task } from '@lit/task';
import { html, nothing } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import {
  changeInstrument,
  type Instrument,
  listBindings,
  readInstrument,
  removeInstrument,
} from '../data/equipment.ts';
import { LiveController } from '../data/events.ts';
import { SessionController } from '../data/session.ts';
import { confirm } from '../elements/confirm.ts';
import { menu } from '../elements/menu.ts';
import { whenLoaded } from '../elements/states.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import { instrumentBadge } from './equipment/badges.ts';
import './instrument/bindings.ts';
import './instrument/definition.ts';
import './instrument/facts.ts';
import './instrument/specifications.ts';

/** `/instruments/<id>`: an instrument, its definition and its bindings. */
export class InstrumentPage extends Page {
  static override properties = { number: { type: Number } };
  static override styles = [shared, sections];

  declare number: number;
  readonly #session = new SessionController(this);
  readonly #loaded = new Task(this, {
    task: async ([id]) => {
      const [instrument, { items }] = await Promise.all([
        readInstrument(id),
        listBindings({ instrument_id: id }),
      ]);
      return { instrument, bindings: items };
    },
    args: () => [this.number] as const,
    onComplete: ({ instrument }) => this.setTitle(instrument.name),
  });
  readonly live = new LiveController(
    this,
    ['binding.changed', 'instrument.changed'],
    () => void this.#loaded.run(),
  );

  override render() {
    const shown = this.#loaded.value?.instrument;
    return html`<div class="page">
      <header>
        <p class="small quiet"><a href="/instruments">Instruments</a></p>
        <div class="head">
          <h1 tabindex="-1">${shown?.name ?? 'Instrument'}</h1>
          ${shown ? this.#marks(shown) : nothing}
        </div>
      </header>
      ${whenLoaded(this.#loaded, ({ instrument, bindings }) => {
        const mayEdit = this.#mayManage(instrument);
        return html`<instrument-bindings
            .instrument=${instrument}
            .bindings=${bindings}
            ?mayManage=${mayEdit}
            @changed=${this.#reload}
          ></instrument-bindings>
          <div class="columns">
            <div class="page">
              <instrument-definition .instrument=${instrument} ?mayEdit=${mayEdit} @saved=${this.#reload}></instrument-definition>
              <instrument-specifications .instrument=${instrument} ?mayEdit=${mayEdit} @saved=${this.#reload}></instrument-specifications>
            </div>
            <instrument-facts .instrument=${instrument} ?mayEdit=${mayEdit} @saved=${this.#reload}></instrument-facts>
          </div>`;
      })}
    </div>`;
  }

  #mayManage({ lab_id }: Instrument): boolean {
    return this.#session.may('admin', lab_id);
  }

  #marks(instrument: Instrument) {
    const { status } = instrument;
    return html`${instrumentBadge(status)}
      ${
        this.#mayManage(instrument)
          ? menu('Actions for this instrument', [
              status === 'retired'
                ? {
                    label: 'Reactivate…',
                    icon: 'undo',
                    act: () => this.#setRetired(instrument, false),
                  }
                : {
                    label: 'Retire…',
                    icon: 'archive',
                    act: () => this.#setRetired(instrument, true),
                  },
              {
                label: 'Delete…',
                icon: 'trash',
                danger: true,
                act: () => this.#remove(instrument),
              },
            ])
          : nothing
      }`;
  }

  readonly #reload = () => void this.#loaded.run();

  async #setRetired({ id, name }: Instrument, retired: boolean) {
    await confirm({
      title: retired ? `Retire ${name}` : `Reactivate ${name}`,
      text: retired
        ? 'The instrument stays in the lists, marked as retired, and keeps its bindings and settings. You can reactivate the instrument later.'
        : 'The instrument becomes available again, with its bindings and settings.',
      action: retired ? 'Retire' : 'Reactivate',
      act: async () => await changeInstrument(id, { status: retired ? 'retired' : 'available' }),
    });
    await this.#loaded.run();
  }

  async #remove({ id, name }: Instrument) {
    const gone = await confirm({
      title: `Delete ${name}`,
      text: 'The bindings of the instrument and their settings are deleted too. You cannot undo this. To keep bindings and settings, retire the instrument instead.',
      action: 'Delete instrument',
      danger: true,
      act: async () => await removeInstrument(id),
    });
    if (gone) goTo('/instruments', { replace: true });
  }
}

customElements.define('instrument-page', InstrumentPage);
