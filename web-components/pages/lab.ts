import { Task } from '@lit/task';
import { html, nothing } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { changeLab, type Lab, listMembers, readLab, removeLab } from '../data/labs.ts';
import { SessionController, session } from '../data/session.ts';
import { badge } from '../elements/badge.ts';
import { confirm } from '../elements/confirm.ts';
import { menu } from '../elements/menu.ts';
import { whenLoaded } from '../elements/states.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import './lab/imports.ts';
import './lab/members.ts';
import './lab/name.ts';
import './lab/owners.ts';
import './lab/policy.ts';

/** `/labs/<id>`: the members and the policy of a lab. */
export class LabPage extends Page {
  static override properties = { number: { type: Number } };
  static override styles = [shared, sections];

  declare number: number;
  readonly #session = new SessionController(this);
  readonly #lab = new Task(this, {
    task: ([id]) => readLab(id),
    args: () => [this.number] as const,
    onComplete: ({ name }) => this.setTitle(name),
  });
  readonly #members = new Task(this, {
    task: async ([id]) => (await listMembers(id)).items,
    args: () => [this.number] as const,
  });

  get #mayManage(): boolean {
    return this.#session.may('admin', this.number);
  }

  override render() {
    const lab = this.#lab.value;
    return html`<div class="page">
      <header>
        <p class="small quiet"><a href="/labs">Labs</a></p>
        <div class="head">
          <h1 tabindex="-1">${lab?.name ?? 'Lab'}</h1>
          ${lab ? this.#marks(lab) : nothing}
        </div>
        ${lab ? this.#contents(lab) : nothing}
      </header>
      ${whenLoaded(this.#lab, (shown) => this.#cards(shown))}
    </div>`;
  }

  /** Links to the lists of the lab's definitions, equipment and so on. */
  #contents({ id }: Lab) {
    const pages = [
      ['/', 'Definitions'],
      ['/instruments', 'Instruments'],
      ['/computers', 'Computers'],
      ['/fleet', 'Fleet'],
      ...(this.#mayManage ? [['/audit', 'Audit trail']] : []),
    ];
    return html`<ul class="tags" aria-label="Pages of this lab">
      ${pages.map(([path, label]) => html`<li><a href="${path}?lab_id=${id}">${label}</a></li>`)}
    </ul>`;
  }

  #marks(lab: Lab) {
    return html`<code class="quiet">${lab.code}</code>
      ${lab.disabled ? badge('disabled', 'danger', 'circleSlash') : nothing}
      ${this.#session.me?.user.is_admin ? this.#menu(lab) : nothing}`;
  }

  #menu(lab: Lab) {
    return menu('Actions for this lab', [
      lab.disabled
        ? { label: 'Enable…', icon: 'check', act: () => this.#setDisabled(lab, false) }
        : { label: 'Disable…', icon: 'circleSlash', act: () => this.#setDisabled(lab, true) },
      { label: 'Delete…', icon: 'trash', danger: true, act: () => this.#remove(lab) },
    ]);
  }

  #cards(lab: Lab) {
    return html`${whenLoaded(
      this.#members,
      (members) => html`<lab-members
        .labId=${lab.id}
        .members=${members}
        ?mayManage=${this.#mayManage}
        @changed=${this.#reload}
      ></lab-members>`,
    )}
      <div class="columns">
        <div class="page">
          <lab-policy
            .lab=${lab}
            .members=${this.#members.value ?? []}
            ?mayEdit=${this.#mayManage}
            @saved=${this.#reload}
          ></lab-policy>
          <lab-name .lab=${lab} ?mayEdit=${this.#mayManage} @saved=${this.#reload}></lab-name>
        </div>
        <div class="page">
          <lab-owners
            .lab=${lab}
            .members=${this.#members.value ?? []}
            ?mayEdit=${this.#mayManage}
            @saved=${this.#reload}
          ></lab-owners>
          <lab-imports .lab=${lab} ?mayEdit=${this.#mayManage} @saved=${this.#reload}></lab-imports>
        </div>
      </div>`;
  }

  /** Reloads the lab and the session, because the user's own role may have changed. */
  readonly #reload = async () => {
    await session.load();
    await Promise.all([this.#lab.run(), this.#members.run()]);
  };

  async #setDisabled(lab: Lab, disabled: boolean) {
    await confirm({
      title: `${disabled ? 'Disable' : 'Enable'} ${lab.name}`,
      text: disabled
        ? 'A disabled lab keeps all its data. You can enable the lab again.'
        : 'The members of the lab get their access back.',
      action: disabled ? 'Disable lab' : 'Enable lab',
      danger: disabled,
      act: async () => await changeLab(lab.id, { disabled }),
    });
    await this.#lab.run();
  }

  async #remove(lab: Lab) {
    const gone = await confirm({
      title: `Delete ${lab.name}`,
      text: 'You can delete only a lab that has no definitions, instruments or computers. You cannot undo this. The audit trail keeps its entries about the lab.',
      action: 'Delete lab',
      danger: true,
      act: async () => await removeLab(lab.id),
    });
    if (gone) goTo('/labs', { replace: true });
  }
}

customElements.define('lab-page', LabPage);
