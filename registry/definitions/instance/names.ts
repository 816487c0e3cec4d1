/** Resolves names and dotted expressions while an instance is created. */

import type { Ancestor } from '../classes.ts';
import { PROVIDED_NAMES } from '../pybirch.ts';
import type { Meaning } from '../resolve.ts';
import { dottedName, type Node, nameOf } from '../syntax.ts';
import { ownName, rootOf } from './code.ts';
import type { Construction, NamesOf } from './construction.ts';
import { type Frame, frameOf } from './frames.ts';
import { spoil, UNKNOWN, type Value } from './values.ts';

export class Names implements NamesOf {
  readonly #construction: Construction;
  /** Values of module-level expressions that have been computed, by their place. */
  readonly #globals = new Map<string, Value>();

  constructor(construction: Construction) {
    this.#construction = construction;
  }

  value(node: Node, frame: Frame): Value {
    const name = nameOf(node, frame.text);
    if (frame.loose.has(name)) return UNKNOWN;
    if (frame.own.has(name)) {
      const value = frame.values.get(name);
      if (value) return value;
      if (frame.kind === 'function') return UNKNOWN;
    }
    return this.#valueOf(this.meanings(node, frame), name);
  }

  global(node: Node, frame: Frame): Value | undefined {
    const dotted = dottedName(node, frame.text);
    const [root = '', ...rest] = dotted?.split('.') ?? [];
    if (dotted === null || frame.own.has(root)) return undefined;
    const owner = node.children[0] as Node;
    const cls = this.classOf(owner, frame);
    if (cls) return this.#ofClass(cls, rest.at(-1) as string);
    return this.#valueOf(this.meanings(node, frame), rest.at(-1) as string);
  }

  classOf(node: Node, frame: Frame): Ancestor | undefined {
    const { classes, line } = this.#construction;
    const dotted = dottedName(node, frame.text);
    if (dotted === null || frame.own.has(dotted.split('.')[0] as string)) return undefined;
    const [only, ...more] = this.meanings(node, frame);
    if (!only || more.length > 0) return undefined;
    if (only.kind === 'class')
      return (
        line.find((one) => one.kind === 'class' && one.at.statement === only.statement) ?? {
          kind: 'class',
          at: classes.at(only),
        }
      );
    if (only.kind !== 'outside' && only.kind !== 'free') return undefined;
    const { name } = only;
    return line.find((one) => one.kind !== 'class' && one.name === name);
  }

  isNumpy(node: Node, frame: Frame): boolean {
    if (frame.own.has(rootOf(node, frame.text))) return false;
    const [only, ...more] = this.meanings(node, frame);
    if (more.length > 0) return false;
    if (only?.kind === 'free') return only.name === 'np';
    return only?.kind === 'module' && only.path === undefined && only.dotted === 'numpy';
  }

  isOutside(node: Node, frame: Frame): boolean {
    if (frame.own.has(rootOf(node, frame.text))) return false;
    const meanings = this.meanings(node, frame);
    return meanings.every(
      (one) =>
        one.kind === 'outside' ||
        (one.kind === 'module' && one.path === undefined) ||
        (one.kind === 'free' && PROVIDED_NAMES.includes(one.name)),
    );
  }

  isBuiltin(name: string, frame: Frame): boolean {
    const { classes, facts } = this.#construction;
    const [only, ...more] = classes.resolver.name(frame.path, name);
    return only?.kind === 'free' && more.length === 0 && !facts.wild;
  }

  meanings(node: Node, frame: Frame): readonly Meaning[] {
    const dotted = dottedName(node, frame.text);
    if (dotted === null) return [{ kind: 'unknown' }];
    const { resolver } = this.#construction.classes;
    // A function runs after the whole module has run. A class body runs at its place in the module.
    if (frame.kind === 'class') return resolver.expression(frame.path, node, []);
    const [root = '', ...rest] = dotted.split('.');
    let found = resolver.name(frame.path, root);
    for (const name of rest) found = found.flatMap((one) => resolver.attribute(one, name));
    return found;
  }

  /** The value of a name, given the meanings of the name. */
  #valueOf(meanings: readonly Meaning[], name: string): Value {
    const { classes, expressions, facts, state } = this.#construction;
    const [only, ...more] = meanings;
    if (more.length > 0 || only?.kind !== 'value') return UNKNOWN;
    const { rebound, mutated, wild } = facts;
    if (rebound.has(name) || wild) return UNKNOWN;
    const key = `${only.path}\n${only.node.from}`;
    const known = this.#globals.get(key);
    if (known) return known;
    this.#globals.set(key, UNKNOWN);
    const { text } = classes.resolver.module(only.path);
    const frame = frameOf(only.path, text, -1, 'class', new Set());
    const own = ownName(only.node, text);
    const value = state.before(() => expressions.value(only.node, frame));
    if (mutated.has(name) || (own !== null && (rebound.has(own) || mutated.has(own)))) spoil(value);
    this.#globals.set(key, value);
    return value;
  }

  /** The value of `Class.NAME`. */
  #ofClass(cls: Ancestor, name: string): Value {
    const { classes, facts, line, state } = this.#construction;
    if (facts.rebound.has(name) || facts.handed.has(name)) return UNKNOWN;
    const lines = cls.kind === 'class' ? classes.lines(cls.at) : null;
    const [only, ...more] = lines ?? [];
    if (!only || more.length > 0) return UNKNOWN;
    for (const one of only) {
      if (one.kind === 'plain') continue;
      if (one.kind !== 'class') return UNKNOWN;
      const known = line.find(
        (other) => other.kind === 'class' && other.at.statement === one.at.statement,
      );
      const kept = known ? state.bodies.get(known)?.get(name) : undefined;
      if (kept) return kept;
      if (!known) return UNKNOWN;
    }
    return UNKNOWN;
  }
}
