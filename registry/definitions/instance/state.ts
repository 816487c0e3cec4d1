/** What is known so far of the instance that is being made, and how sure it is that the code at hand runs. */

import type { Ancestor } from '../classes.ts';
import { type Facts, PRIVATE } from './facts.ts';
import type { Given } from './frames.ts';
import { spoil, UNKNOWN, type Value } from './values.ts';

/** Expressions and statements that one construction may take: calls of calls could double without end. */
const BUDGET = 60_000;

export class State {
  readonly attributes = new Map<string, Value>();
  /** Attributes that a function that runs later, or a descriptor, may set at any time. */
  readonly doomed = new Set<string>();
  /** What the bodies of the classes bind. */
  readonly bodies = new Map<Ancestor, Map<string, Value>>();
  /** What `_define_settings` was given the last time; null before. */
  settings: Value | null = null;
  readonly #facts: Facts;
  #maybe = 0;
  #left = BUDGET;
  #isLost = false;
  #areSettingsLoose = false;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Nothing is known of the instance at all. */
  get isLost(): boolean {
    return this.#isLost || this.#left < 0;
  }

  /** Settings may get other values than their defaults. */
  get areSettingsLoose(): boolean {
    return this.#areSettingsLoose;
  }

  /** Counts a step; false when there were too many. */
  spend(): boolean {
    return --this.#left >= 0;
  }

  /** Whether what runs now surely runs, and once. */
  isSure(): boolean {
    return this.#maybe === 0;
  }

  /** Runs something that may not run, or may run more than once. */
  maybe(what: () => void): void {
    this.#maybe++;
    what();
    this.#maybe--;
  }

  /** Runs something that ran before, surely, whatever runs now. */
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

  /** These attributes may be set at any time from here on. */
  doom(names: ReadonlySet<string>): void {
    if (names.has('*')) this.lose();
    if (names.has(PRIVATE)) this.#areSettingsLoose = true;
    for (const name of names) this.doomed.add(name);
  }

  /** A function of this name may run at any time. */
  doomEffects(name: string): void {
    this.doom(this.#facts.effects(name));
  }

  /** What somebody unknown holds may be changed at any time. */
  escape(value: Value): void {
    if (value.kind === 'self') this.forget();
    else if (value.kind === 'method') this.doomEffects(value.name);
    else spoil(value);
  }

  /** Gives arguments to somebody unknown. */
  hand({ positional, keywords }: Given): Value {
    for (const one of [...positional, ...keywords.values()]) this.escape(one);
    return UNKNOWN;
  }

  /** Everything that was set so far may have been changed. */
  forget(): void {
    this.spoilAll();
    for (const name of this.attributes.keys()) this.attributes.set(name, UNKNOWN);
    for (const body of this.bodies.values())
      for (const name of body.keys()) this.attributes.set(name, UNKNOWN);
    this.loosenSettings();
  }

  /** The settings that were defined may be others by now. */
  loosenSettings(): void {
    if (this.settings) this.settings = UNKNOWN;
  }

  /** Whatever the instance holds may have been changed in place. */
  spoilAll(): void {
    for (const value of this.attributes.values()) spoil(value);
    for (const body of this.bodies.values()) for (const value of body.values()) spoil(value);
  }
}
