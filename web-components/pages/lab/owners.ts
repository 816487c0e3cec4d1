import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import type WaSelect from '@awesome.me/webawesome/dist/components/select/select.js';
import { css, html } from 'lit';
import { inputProblem } from '../../data/client.ts';
import { changeLab, type Lab, type Member } from '../../data/labs.ts';
import { EditableCard } from '../../elements/editable.ts';
import { icon } from '../../elements/icon.ts';
import { memberOptions, nameOf } from './names.ts';

type Rule = Lab['owners'][number];
const CRITERIA = { pattern: 'Files', category: 'Category', manufacturer: 'Manufacturer' } as const;
type Criterion = keyof typeof CRITERIA;

/** The owner rules of a lab. For each rule that a change matches, one of the rule's owners must approve the change. */
export class LabOwners extends EditableCard {
  static override properties = {
    lab: { attribute: false },
    members: { attribute: false },
    rules: { state: true },
  };
  static override styles = [
    ...EditableCard.styles,
    css`
      legend {
        margin-block-end: var(--wa-space-2xs);
      }
      li + li {
        margin-block-start: var(--wa-space-xs);
      }
      fieldset {
        padding-block-end: var(--wa-space-m);
        border-block-end: 1px solid var(--wa-color-surface-border);
      }
    `,
  ];
  readonly heading = 'Owners';
  declare lab: Lab;
  declare members: readonly Member[];
  declare rules: readonly Rule[];

  protected view() {
    const { owners } = this.lab;
    if (owners.length === 0) {
      return html`<p class="quiet">No owners. Any lab admin can give the required approvals.</p>`;
    }
    return html`<p class="quiet small">If a change matches a rule, one of the rule’s owners must approve the change.</p>
      <ul>
        ${owners.map((rule) => html`<li>${criteria(rule)}: ${rule.users.map((id) => nameOf(this.members, id)).join(' or ')}</li>`)}
      </ul>`;
  }

  protected override async edit() {
    this.rules = this.lab.owners.length > 0 ? this.lab.owners : [{ users: [] }];
    await super.edit();
  }

  protected fields() {
    return html`<p class="quiet small">
        A change matches a rule if the change meets all criteria of the rule. Write file patterns as in <code>.gitignore</code>:
        <code>*.py</code>, <code>tests/</code>.
      </p>
      ${this.rules.map((rule, index) => this.#rule(rule, index))}
      <div>
        <wa-button class="add" size="s" appearance="outlined" @click=${this.#add}>${icon('plus', 'start')} Add rule</wa-button>
      </div>`;
  }

  #rule(rule: Rule, index: number) {
    const set = (change: Partial<Rule>) => {
      this.rules = this.rules.with(index, { ...rule, ...change });
    };
    return html`<fieldset>
      <legend>Rule ${index + 1}</legend>
      <div class="pair">
        ${Object.entries(CRITERIA).map(
          ([name, label]) =>
            html`<wa-input name=${name} label=${label} maxlength="200" .value=${rule[name as Criterion] ?? ''} @input=${(event: Event) => set({ [name]: (event.target as HTMLInputElement).value })}></wa-input>`,
        )}
      </div>
      <wa-select name="users" label="Owners" placeholder="Choose members" multiple required .value=${rule.users.map(String)} @change=${(event: Event) => set({ users: [(event.target as WaSelect).value].flat().map(Number) })}>
        ${memberOptions(this.members, rule.users)}
      </wa-select>
      <div>
        <wa-button size="s" appearance="plain" @click=${() => this.#drop(index)}>${icon('trash', 'start')} Remove rule ${index + 1}</wa-button>
      </div>
    </fieldset>`;
  }

  async #add() {
    this.rules = [...this.rules, { users: [] }];
    await this.updateComplete;
    const inputs = this.renderRoot.querySelectorAll<HTMLElement>('[name=pattern]');
    inputs[inputs.length - 1]?.focus();
  }

  async #drop(index: number) {
    this.rules = this.rules.toSpliced(index, 1);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.add')?.focus();
  }

  protected async save() {
    this.rules.forEach(checkRule);
    await changeLab(this.lab.id, { owners: this.rules.map(withoutEmpty) });
  }
}

/** Throws a problem if the rule has no criterion or no owner. */
function checkRule(rule: Rule, index: number) {
  const criterion = criteria(rule).length === 0 && 'files, a category or a manufacturer';
  const owner = rule.users.length === 0 && 'at least one owner';
  const missing = [criterion, owner].filter(Boolean).join(', and ');
  if (missing) throw inputProblem(`Rule ${index + 1} needs ${missing}.`);
}

/** The rule without the criteria that the user left empty. */
function withoutEmpty({ users, ...rule }: Rule): Rule {
  const given = Object.entries(rule).filter(([, text]) => text?.trim());
  return { ...Object.fromEntries(given), users };
}

function criteria(rule: Rule) {
  const given = Object.keys(CRITERIA).filter((name) => rule[name as Criterion]?.trim());
  return given.map(
    (name, index) =>
      html`${index > 0 ? ' and ' : ''}${CRITERIA[name as Criterion]} <code>${rule[name as Criterion]}</code>`,
  );
}

customElements.define('lab-owners', LabOwners);
