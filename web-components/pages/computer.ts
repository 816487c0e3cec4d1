import { Task } from '@lit/task';
import { html, nothing } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { type Computer, listBindings, readComputer, removeComputer } from '../data/equipment.ts';
import { LiveController } from '../data/events.ts';
import { SessionController } from '../data/session.ts';
import { badge } from '../elements/badge.ts';
import { confirm } from '../elements/confirm.ts';
import { menu } from '../elements/menu.ts';
import { whenLoaded } from '../elements/states.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import './computer/bindings.ts';
import './computer/facts.ts';
import './computer/runs.ts';

/** `/computers/<name>`: a computer, its instruments and its versions. */
export class ComputerPage extends Page {
  static override properties = { name: {} };
  static override styles = [shared, sections];

  declare name: string;
  readonly #session = new SessionController(this);
  readonly #loaded = new Task(this, {
    task: async ([name]) => {
      const computer = await readComputer(name);
      const { items } = await listBindings({ computer_name: name });
      return { computer, bindings: items };
    },
    args: () => [this.name] as const,
  });
  readonly live = new LiveController(
    this,
    ['binding.changed', 'instrument.changed', 'computer.changed'],
    () => void this.#loaded.run(),
  );

  override render() {
    const shown = this.#loaded.value?.computer;
    return html`<div class="page">
      <header>
        <p class="small quiet"><a href="/computers">Computers</a></p>
        <div class="head">
          <h1 tabindex="-1">${this.name}</h1>
          ${shown ? this.#marks(shown) : nothing}
        </div>
      </header>
      ${whenLoaded(
        this.#loaded,
        ({
          computer,
          bindings,
        }) => html`<computer-bindings .bindings=${bindings}></computer-bindings>
          <computer-runs .name=${computer.computer_name} .bindings=${bindings}></computer-runs>
          <computer-facts
            .computer=${computer}
            ?mayEdit=${this.#session.may('admin', computer.lab_id)}
            @saved=${() => void this.#loaded.run()}
          ></computer-facts>`,
      )}
    </div>`;
  }

  #marks(computer: Computer) {
    return html`${computer.enrolled_at ? nothing : badge('not enrolled', 'warning', 'alert')}
      ${computer.is_bench ? badge('bench computer', 'brand', 'beaker') : nothing}
      ${
        this.#session.may('admin', computer.lab_id)
          ? menu('Actions for this computer', [
              { label: 'Delete…', icon: 'trash', danger: true, act: () => this.#remove(computer) },
            ])
          : nothing
      }`;
  }

  async #remove({ id, computer_name }: Computer) {
    const gone = await confirm({
      title: `Delete ${computer_name}`,
      text: 'The computer loses its access, and its bindings and their settings are deleted. You cannot undo this. The computer can still run definitions that it has fetched. You can enrol the computer again with a new code.',
      action: 'Delete computer',
      danger: true,
      act: async () => await removeComputer(id),
    });
    if (gone) goTo('/computers', { replace: true });
  }
}

customElements.define('computer-page', ComputerPage);
