/**
 * An instance of a class as it is after construction. Class bodies and constructor are read as Python would run them. A
 * statement that may not run, or may run twice, makes everything unknown that it changes. If the analysis cannot follow a
 * piece of code, everything that this code may change becomes unknown.
 */

import { bindingsIn } from '../binding.ts';
import type { Ancestor, Classes } from '../classes.ts';
import { definitionOf } from '../classes.ts';
import { Attributes } from './attributes.ts';
import { CallExpressions } from './call-expressions.ts';
import { Calls } from './calls.ts';
import { functionNamed } from './code.ts';
import type { Construction } from './construction.ts';
import { Expressions } from './expressions.ts';
import type { Facts } from './facts.ts';
import { frameOf } from './frames.ts';
import { Names } from './names.ts';
import { isOdd } from './odd-classes.ts';
import { State } from './state.ts';
import { Statements } from './statements.ts';
import { Targets } from './targets.ts';
import { UNKNOWN, type Value } from './values.ts';

export class Instance implements Construction {
  readonly classes: Classes;
  readonly line: readonly Ancestor[];
  readonly facts: Facts;
  readonly state: State;
  readonly names = new Names(this);
  readonly attributes = new Attributes(this);
  readonly expressions = new Expressions(this);
  readonly callExpressions = new CallExpressions(this);
  readonly targets = new Targets(this);
  readonly statements = new Statements(this);
  readonly calls = new Calls(this);

  /** @param line a method resolution order from `Classes.lines`, with the class of the instance first */
  constructor(classes: Classes, line: readonly Ancestor[], facts: Facts) {
    this.classes = classes;
    this.line = line;
    this.facts = facts;
    this.state = new State(facts);
    for (const one of line) if (one.kind === 'class') this.#runBody(one);
    if (isOdd(this)) this.state.lose();
    else this.calls.method('__init__', 0, { positional: [], keywords: new Map(), starred: true });
  }

  /** The value of an attribute after construction; null if no known code sets the attribute. */
  read(name: string): Value | null {
    if (this.state.isLost || this.state.doomed.has(name)) return UNKNOWN;
    if (this.facts.rebound.has(name) || this.facts.handed.has(name)) return UNKNOWN;
    for (const one of this.line) {
      const kept = this.state.bodies.get(one)?.get(name);
      // The attribute may be a property or another descriptor, so reading the attribute may run code.
      if (kept?.kind === 'unknown' || kept?.kind === 'method') return UNKNOWN;
    }
    const own = this.state.attributes.get(name);
    if (own) return own;
    for (const one of this.line) {
      if (one.kind === 'foreign') return UNKNOWN;
      const kept = this.state.bodies.get(one)?.get(name);
      if (kept) return kept;
    }
    return null;
  }

  /** The default settings; null if the class defines none. */
  settings(): Value | null {
    const { settings, isLost, bodies } = this.state;
    // The class may define `settings` as a property. Anything else named `settings` replaces the settings of PyBirch.
    const isHidden = this.line.some(
      (one) =>
        one.kind === 'class' &&
        bodies.get(one)?.has('settings') &&
        !functionNamed(one.at, 'settings'),
    );
    return isLost || isHidden ? settings && UNKNOWN : settings;
  }

  /** Whether code changed a setting after defining its default. PyBirch stores `gain` as `_gain`. */
  isChanged(setting: string, value: Value): boolean {
    if (this.state.areSettingsLoose) return true;
    const name = `_${setting}`;
    return (
      this.state.attributes.get(name) !== value ||
      this.state.doomed.has(name) ||
      this.facts.rebound.has(name)
    );
  }

  #runBody(one: Ancestor & { kind: 'class' }): void {
    const { path, module, statement } = one.at;
    const own = new Set(bindingsIn(definitionOf(statement), module.text).keys());
    const frame = frameOf(path, module.text, this.line.indexOf(one), 'class', own);
    this.state.bodies.set(one, frame.values);
    this.statements.run(statement.body, frame);
    for (const name of own) if (!frame.values.has(name)) frame.values.set(name, UNKNOWN);
    for (const name of frame.loose) frame.values.set(name, UNKNOWN);
  }
}
