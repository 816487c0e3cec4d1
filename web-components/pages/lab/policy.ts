import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/number-input/number-input.js';
import '@awesome.me/webawesome/dist/components/radio/radio.js';
import '@awesome.me/webawesome/dist/components/radio-group/radio-group.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import type WaSelect from '@awesome.me/webawesome/dist/components/select/select.js';
import '@awesome.me/webawesome/dist/components/switch/switch.js';
import { css, html } from 'lit';
import { changeLab, type Lab, type Member } from '../../data/labs.ts';
import { EditableCard } from '../../elements/editable.ts';
import { icon } from '../../elements/icon.ts';
import { memberOptions, nameOf, reporterOf } from './names.ts';

const LANDING = {
  admins: 'Lab admins and site admins can land without review, by a push to main or a save.',
  nobody: 'Nobody can land without review, not even site admins.',
} as const;

/** The landing policy of a lab. */
export class LabPolicy extends EditableCard {
  static override properties = {
    lab: { attribute: false },
    members: { attribute: false },
    checks: { state: true },
  };
  static override styles = [
    ...EditableCard.styles,
    css`
      .check {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) auto;
        gap: var(--wa-space-xs);
        align-items: end;
      }
      ul.sentences {
        display: grid;
        gap: var(--wa-space-xs);
      }
      ul.sentences > li {
        display: flex;
        gap: var(--wa-space-xs);
        overflow-wrap: anywhere;
      }
      ul.sentences > li > .icon {
        margin-block-start: 0.2em;
        color: var(--wa-color-text-quiet);
      }
    `,
  ];
  readonly heading = 'Landing policy';
  declare lab: Lab;
  declare members: readonly Member[];
  /** The required checks in the form. Each check has a name and the account that reports it. */
  declare checks: readonly RequiredCheck[];

  protected view() {
    const { direct_landing, required_approvals, allow_self_approval, required_checks } = this.lab;
    const { public_definitions, bench_authors } = this.lab;
    const checks = Object.entries(required_checks);
    return html`<ul class="sentences">
      <li>${icon(direct_landing === 'admins' ? 'shield' : 'lock')}<span>${LANDING[direct_landing]}</span></li>
      <li>${icon('check')}<span>${approvals(required_approvals)}</span></li>
      <li>
        ${icon('person')}<span
          >${
            allow_self_approval
              ? 'Admins can approve their own merge requests.'
              : 'Admins cannot approve their own merge requests.'
          }</span
        >
      </li>
      ${
        checks.length === 0
          ? html`<li>${icon('pulse')}<span>No checks are required.</span></li>`
          : checks.map(
              ([name, id]) =>
                html`<li>${icon('pulse')}<span>The check <code>${name}</code>, reported by ${reporterOf(this.members, id)}, must succeed.</span></li>`,
            )
      }
      <li>${icon('computers')}<span>${benchAuthors(this.members, bench_authors)}</span></li>
      <li>${icon('computers')}<span>${PUBLIC_DEFINITIONS[public_definitions]}</span></li>
    </ul>`;
  }

  protected override async edit() {
    this.checks = Object.entries(this.lab.required_checks);
    await super.edit();
  }

  protected fields() {
    const { direct_landing, required_approvals, allow_self_approval, public_definitions } =
      this.lab;
    const authors = this.lab.bench_authors ?? [];
    const runsNothing = this.lab.bench_authors?.length === 0;
    return html`<wa-radio-group name="direct_landing" label="Landing without review" .value=${direct_landing}>
        ${Object.entries(LANDING).map(([value, meaning]) => html`<wa-radio value=${value}>${meaning}</wa-radio>`)}
      </wa-radio-group>
      <wa-number-input
        name="required_approvals"
        label="Required approvals"
        hint="How many lab admins must approve the head of a merge request"
        required
        min="0"
        max="20"
        .defaultValue=${String(required_approvals)}
      ></wa-number-input>
      <wa-switch
        name="allow_self_approval"
        value="true"
        hint="For labs with a single admin"
        .defaultChecked=${allow_self_approval}
        >Authors can approve their own merge requests</wa-switch
      >
      <wa-radio-group name="public_definitions" label="Public definitions of other labs" .value=${public_definitions}>
        ${Object.entries(PUBLIC_DEFINITIONS).map(([value, meaning]) => html`<wa-radio value=${value}>${meaning}</wa-radio>`)}
      </wa-radio-group>
      <fieldset>
        <legend>Required checks</legend>
        <p class="quiet small">A program posts the result. Only results from the chosen account count. Bench computers report the check <code>tests</code>, and no other.</p>
        ${this.checks.map((check, index) => this.#check(check, index))}
        <div>
          <wa-button size="s" appearance="outlined" @click=${this.#add}>${icon('plus', 'start')} Add check</wa-button>
        </div>
      </fieldset>
      <wa-select
        name="bench_authors"
        label="Bench computers run only the changes of"
        hint=${`Everybody who opened, pushed or wrote a change must be chosen. With nobody chosen, they run ${runsNothing ? 'no' : 'every'} change.`}
        placeholder=${runsNothing ? 'Nobody' : 'Everybody who may propose'}
        multiple
        with-clear
        .value=${authors.map(String)}
      >
        ${memberOptions(this.members, authors)}
      </wa-select>`;
  }

  #check([name, user]: RequiredCheck, index: number) {
    return html`<div class="check">
      <wa-input name="check" label="Check" required maxlength="100" .value=${name} @input=${(event: Event) => this.#set(index, [(event.target as HTMLInputElement).value, user])}></wa-input>
      <wa-select name="account" label="Account" required .value=${user === undefined ? '' : String(user)} @change=${(event: Event) => this.#set(index, [name, reporterIn(event)])}>
        <wa-option value="@bench">any bench computer</wa-option>
        ${memberOptions(this.members, typeof user === 'number' ? [user] : [])}
      </wa-select>
      <wa-button appearance="plain" @click=${() => this.#drop(index)}>
        ${icon('trash')}<span class="visually-hidden">Remove check ${name}</span>
      </wa-button>
    </div>`;
  }

  #set(index: number, check: RequiredCheck) {
    this.checks = this.checks.with(index, check);
  }

  async #add() {
    this.checks = [...this.checks, ['', undefined]];
    await this.updateComplete;
    const inputs = this.renderRoot.querySelectorAll<HTMLElement>('[name=check]');
    inputs[inputs.length - 1]?.focus();
  }

  async #drop(index: number) {
    this.checks = this.checks.toSpliced(index, 1);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('fieldset wa-button:last-of-type')?.focus();
  }

  protected async save(fields: FormData) {
    const authors = fields.getAll('bench_authors').map(Number);
    // An empty list, which the form cannot choose, lets benches run nothing. Another change must not lift that.
    const nobody = this.lab.bench_authors?.length === 0 ? [] : null;
    await changeLab(this.lab.id, {
      direct_landing: String(fields.get('direct_landing')) as Lab['direct_landing'],
      public_definitions: String(fields.get('public_definitions')) as Lab['public_definitions'],
      required_approvals: Number(fields.get('required_approvals')),
      allow_self_approval: fields.has('allow_self_approval'),
      required_checks: Object.fromEntries(
        this.checks.map(([name, user]) => [name.trim(), user ?? 0]),
      ),
      bench_authors: authors.length === 0 ? nobody : authors,
    });
  }
}

type RequiredCheck = readonly [name: string, account: number | '@bench' | undefined];

function reporterIn({ target }: Event): number | '@bench' {
  const { value } = target as WaSelect;
  return value === '@bench' ? value : Number(value);
}

function benchAuthors(members: readonly Member[], authors: Lab['bench_authors']): string {
  if (authors === null) return 'Bench computers run the changes of everybody who may propose.';
  if (authors.length === 0) return 'Bench computers run no changes.';
  const names = authors.map((id) => nameOf(members, id)).join(', ');
  return `Bench computers run only changes in which nobody but these people took part: ${names}.`;
}

const PUBLIC_DEFINITIONS: Record<Lab['public_definitions'], string> = {
  follow: 'Computers get new versions of other labs’ public definitions as soon as they land.',
  pin: 'Computers get a new version of another lab’s definition only after an admin chooses that version.',
  none: 'Computers get no definitions of other labs.',
};

function approvals(count: number): string {
  if (count === 0) return 'A merge request needs no approval.';
  return count === 1
    ? 'A merge request needs one approval by a lab admin.'
    : `A merge request needs ${count} approvals by lab admins.`;
}

customElements.define('lab-policy', LabPolicy);
