/** What is known about the instance under construction so far, and whether the current code certainly runs. */

import type { Ancestor } from '../classes.ts';
import { type Facts, PRIVATE } from './facts.ts';
import type { Given } from './frames.ts';
import { spoil, UNKNOWN, type Value } from './values.ts';

/**
 * How many expressions and statements one construction may evaluate. There is a limit because nested calls could double
 * the number again and again.
 */
const BUDGET = 60_000;

export class State {
  readonly attributes = new Map<string, Value>();
  /** Attributes that a later function or a descriptor may set at any time. */
  readonly doomed = new Set<string>();
  /** The names that each class body binds. */
  readonly bodies = new Map<Ancestor, Map<string, Value>>();
  /** The last argument of `_define_settings`; null before the first call. */
  settings: Value | null = null;
  readonly #facts: Facts;
  #maybe = 0;
  #left = BUDGET;
  #isLost = false;
  #areSettingsLoose = false;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Whether nothing about the instance is known any more. */
  get isLost(): boolean {
    return this.#isLost || this.#left < 0;
  }

  /** Whether settings may differ from their defaults. */
  get areSettingsLoose(): boolean {
    return this.#areSettingsLoose;
  }

  /** Counts an evaluated expression or statement. Returns false if there were too many. */
  spend(): boolean {
    return --this.#left >= 0;
  }

  /** Whether the current code certainly runs exactly once. */
  isSure(): boolean {
    return this.#maybe === 0;
  }

  /** Follows code that may not run, or may run several times. */
  maybe(what: () => void): void {
    this.#maybe++;
    what();
    this.#maybe--;
  }

  /** Follows code that has certainly run before, even if the current code may not run. */
  before<T>(what: () => T): T {
    const now = this.#maybe;
    this.#maybe = 0;
    const result = what();
    this.#maybe = now;
    return result;
  }

  lose(): void {
    this.#isLost = true;
  }

  /** Marks attributes that may be set at any time from here on. */
  doom(names: ReadonlySet<string>): void {
    if (names.has('*')) this.lose();
    if (names.has(PRIVATE)) this.#areSettingsLoose = true;
    for (const name of names) this.doomed.add(name);
  }

  /** For a function that may run at any time, marks everything that the function changes. */
  doomEffects(name: string): void {
    this.doom(this.#facts.effects(name));
  }

  /** Marks a value that unknown code can reach and so may change at any time. */
  escape(value: Value): void {
    if (value.kind === 'self') this.forget();
    else if (value.kind === 'method') this.doomEffects(value.name);
    else spoil(value);
  }

  /** Passes arguments to unknown code. */
  hand({ positional, keywords }: Given): Value {
    for (const one of [...positional, ...keywords.values()]) this.escape(one);
    return UNKNOWN;
  }

  /** Marks everything that was set so far as possibly changed. */
  forget(): void {
    this.spoilAll();
    for (const name of this.attributes.keys()) this.attributes.set(name, UNKNOWN);
    for (const body of this.bodies.values())
      for (const name of body.keys()) this.attributes.set(name, UNKNOWN);
    this.loosenSettings();
  }

  /** Marks the defined settings as possibly changed. */
  loosenSettings(): void {
    if (this.settings) this.settings = UNKNOWN;
  }

  /** Marks every object in attributes of the instance as possibly changed in place. */
  spoilAll(): void {
    for (const value of this.attributes.values()) spoil(value);
    for (const body of this.bodies.values()) for (const value of body.values()) spoil(value);
  }
}
