/**
 * Reads and writes attributes of the instance as the code of its class does: through properties, methods and PyBirch.
 */

import { functionNamed, functionsOf, NOTHING_GIVEN } from './code.ts';
import type { AttributesOf, Construction } from './construction.ts';
import { spoil, UNKNOWN, type Value } from './values.ts';

export class Attributes implements AttributesOf {
  readonly #construction: Construction;

  constructor(construction: Construction) {
    this.#construction = construction;
  }

  get(name: string): Value {
    const { calls, facts, line, state } = this.#construction;
    if (name === '__dict__' || name === '__class__') {
      state.forget();
      return UNKNOWN;
    }
    if (name === '_settings_defaults') state.loosenSettings();
    if (state.doomed.has(name) || facts.rebound.has(name)) return UNKNOWN;
    const own = state.attributes.get(name);
    for (const one of line) {
      if (one.kind === 'foreign' && !own) return UNKNOWN;
      if (one.kind !== 'class') continue;
      const found = functionNamed(one.at, name);
      if (found && found.decorators.length === 0) return own ?? { kind: 'method', name };
      if (found) {
        // Reading a property runs its code.
        state.maybe(() => calls.run(one, found, NOTHING_GIVEN));
        return UNKNOWN;
      }
      const kept = state.bodies.get(one)?.get(name);
      if (kept) return own ?? kept;
    }
    return own ?? UNKNOWN;
  }

  set(name: string, value: Value): void {
    const { calls, line, state } = this.#construction;
    const setters = line.flatMap((one) =>
      one.kind === 'class'
        ? functionsOf(one.at.statement.body)
            .filter((f) => f.name === name && f.decorators.length > 0)
            .map((f) => ({ one, f }))
        : [],
    );
    for (const { one, f } of setters) {
      const given = { positional: [UNKNOWN], keywords: new Map(), starred: false };
      state.maybe(() => calls.run(one, f, given));
      spoil(value);
    }
    if (name === '__dict__' || name === '__class__') state.forget();
    if (/^(?:settings|_settings_defaults)$/.test(name)) state.loosenSettings();
    if (!state.isSure()) spoil(value);
    state.attributes.set(name, state.isSure() ? value : UNKNOWN);
  }
}
