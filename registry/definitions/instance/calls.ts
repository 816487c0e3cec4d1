/**
 * Follows calls of functions in these files: methods, found by the method resolution order, and functions of modules.
 */

import { bindingsIn } from '../binding.ts';
import type { Ancestor } from '../classes.ts';
import { child, type FunctionStatement, groups, type Node, nameOf, textOf } from '../syntax.ts';
import { functionAt, functionNamed, functionsOf, globalsIn, isAbsent, isLast } from './code.ts';
import type { CallsOf, Construction } from './construction.ts';
import { holds } from './facts.ts';
import { type Frame, frameOf, type Given } from './frames.ts';
import { callPybirch } from './pybirch-calls.ts';
import { NONE, spoil, UNKNOWN, type Value } from './values.ts';

const MAX_CALLS = 30;

/** Decorators that do not change what a method does. */
const TRANSPARENT = /^@\s*(?:typing\.)?(?:override|final|abstractmethod|abc\.abstractmethod)$/;

export class Calls implements CallsOf {
  readonly #construction: Construction;
  /** The depth of the calls that are being followed. */
  #depth = 0;

  constructor(construction: Construction) {
    this.#construction = construction;
  }

  on(cls: Ancestor, name: string, given: Given): Value {
    const { line, state } = this.#construction;
    const [first, ...positional] = given.positional;
    if (line.includes(cls) && first?.kind === 'self') {
      const at = this.#placeOf(cls, name);
      if (at >= 0) return this.method(name, at, { ...given, positional }, true);
      state.forget();
      return state.hand(given);
    }
    if (cls.kind !== 'class') return state.hand(given);
    const found = functionNamed(cls.at, name);
    const { text } = cls.at.module;
    const decorator = found?.decorators.map((one) => textOf(one, text)).join();
    if (found && (decorator === '' || decorator === '@staticmethod'))
      return this.run(cls, found, given, true);
    state.doomEffects(name);
    return state.hand(given);
  }

  /**
   * @param isNamed whether the call is `Class.method(self)`, where no attribute of the instance can replace the method
   */
  method(name: string, from: number, given: Given, isNamed = false): Value {
    const { line, state } = this.#construction;
    const instead = from === 0 && !isNamed ? state.attributes.get(name) : undefined;
    if (instead || state.doomed.has(name)) {
      state.doomEffects(name);
      return state.hand(given);
    }
    for (const one of line.slice(Math.max(from, 0))) {
      if (one.kind === 'class') {
        const found = functionNamed(one.at, name);
        if (found) return this.#decorated(one, found, given);
        if (!state.bodies.get(one)?.has(name)) continue;
      } else {
        if (one.kind === 'plain') continue;
        if (one.kind === 'pybirch') {
          if (name === '_perform_measurement_impl' || isAbsent(one.name, name)) continue;
          return callPybirch(this.#construction, one.name, name, given);
        }
      }
      // The attribute is not a method of a known class, so it may be anything.
      state.forget();
      return state.hand(given);
    }
    return state.hand(given);
  }

  function(callee: Node, given: Given, frame: Frame): Value {
    const { classes, names, state } = this.#construction;
    const [only, ...more] = names.meanings(callee, frame);
    if (more.length === 0 && only?.kind === 'value') {
      const found = functionAt(classes.resolver.module(only.path).statements, only.node);
      if (found && found.decorators.length === 0)
        return this.#runFunction(only.path, -1, found, given.positional, given);
    }
    state.doomEffects(textOf(callee, frame.text));
    const isGivenSelf = [...given.positional, ...given.keywords.values()].some(
      (one) => one.kind === 'self',
    );
    if (more.length === 0 && only?.kind === 'class' && isGivenSelf) state.doomEffects('__init__');
    return state.hand(given);
  }

  run(
    one: Ancestor & { kind: 'class' },
    found: FunctionStatement,
    given: Given,
    isStatic = false,
  ): Value {
    const { line, state } = this.#construction;
    const { path, statement } = one.at;
    const isOnly =
      statement.body.filter((f) => f.kind === 'function' && f.name === found.name).length === 1;
    const isPlain = statement.body.includes(found);
    const positional: Value[] = isStatic
      ? [...given.positional]
      : [{ kind: 'self' }, ...given.positional];
    const at = line.indexOf(one);
    if (isPlain && (isOnly || found.decorators.length > 0 || isLast(one.at, found)))
      return this.#runFunction(path, at, found, positional, given);
    // The method is defined in a branch or more than once, so it is unknown which definition runs.
    state.maybe(() => {
      for (const f of functionsOf(statement.body))
        if (f.name === found.name) this.#runFunction(path, at, f, positional, given);
    });
    return UNKNOWN;
  }

  #decorated(one: Ancestor & { kind: 'class' }, found: FunctionStatement, given: Given): Value {
    const { state } = this.#construction;
    const decorators = found.decorators
      .map((d) => textOf(d, one.at.module.text))
      .filter((d) => !TRANSPARENT.test(d));
    if (decorators.length === 0) return this.run(one, found, given);
    if (decorators.join() === '@staticmethod') return this.run(one, found, given, true);
    state.maybe(() => this.run(one, found, { ...given, starred: true }));
    if (decorators.join() !== '@classmethod') state.forget();
    return state.hand(given);
  }

  /**
   * The position in the method resolution order at which `cls` has or inherits the method. Classes between `cls` and
   * that position need not be ancestors of `cls`.
   */
  #placeOf(cls: Ancestor, name: string): number {
    const { classes, line } = this.#construction;
    if (cls.kind !== 'class') return line.indexOf(cls);
    const [only, ...more] = classes.lines(cls.at) ?? [];
    const owner = only?.find((one) =>
      one.kind === 'class'
        ? functionNamed(one.at, name) || this.#bodyOf(one)?.has(name)
        : one.kind !== 'plain',
    );
    if (!owner || more.length > 0) return -1;
    return line.findIndex((one) =>
      one.kind === 'class'
        ? owner.kind === 'class' && one.at.statement === owner.at.statement
        : owner.kind === one.kind && owner.name === one.name,
    );
  }

  #bodyOf(cls: Ancestor & { kind: 'class' }): ReadonlyMap<string, Value> | undefined {
    const { line, state } = this.#construction;
    const own = line.find((one) => one.kind === 'class' && one.at.statement === cls.at.statement);
    return own && state.bodies.get(own);
  }

  #runFunction(
    path: string,
    at: number,
    found: FunctionStatement,
    positional: readonly Value[],
    given: Given,
  ): Value {
    const { classes, state, statements } = this.#construction;
    const { text } = classes.resolver.module(path);
    const definition =
      found.node.type === 'DecoratedStatement'
        ? (child(found.node, 'FunctionDefinition') as Node)
        : found.node;
    const isOther = definition.children[0]?.type === 'async' || holds(definition, /^Yield/);
    if (isOther || ++this.#depth > MAX_CALLS || !state.spend()) {
      if (!isOther) state.lose();
      this.#depth -= isOther ? 0 : 1;
      state.doomEffects(found.name);
      return state.hand({ ...given, positional });
    }
    const own = new Set(bindingsIn(definition, text).keys());
    for (const name of globalsIn(definition, text)) own.delete(name);
    const frame = frameOf(path, text, at, 'function', own);
    this.#bind(child(definition, 'ParamList'), positional, given, frame);
    statements.run(found.body, frame);
    this.#depth--;
    if (frame.mayBeOver) {
      if (frame.returned) state.escape(frame.returned);
      return UNKNOWN;
    }
    return frame.returned ?? NONE;
  }

  /** Binds the parameters of a function to the arguments of a call. */
  #bind(list: Node | undefined, positional: readonly Value[], given: Given, frame: Frame): void {
    const { expressions, state } = this.#construction;
    const left = [...positional];
    const named = new Map(given.keywords);
    let isNamed = false;
    for (const group of groups(list?.children ?? [])) {
      const [first, second] = group;
      if (!first) continue;
      if (first.type === '*' || first.type === '**') {
        if (second) frame.values.set(nameOf(second, frame.text), UNKNOWN);
        isNamed = true;
        continue;
      }
      if (first.type !== 'VariableName') continue;
      const name = nameOf(first, frame.text);
      const sign = group.findIndex(({ type }) => type === 'AssignOp');
      const value = isNamed ? undefined : left.shift();
      const default_ = sign >= 0 ? group[sign + 1] : undefined;
      let bound = value ?? named.get(name);
      named.delete(name);
      if (!bound && default_ && !given.starred) {
        // Python evaluates a default once, when it defines the function. So all calls of the function share a mutable
        // default.
        const outer = frameOf(frame.path, frame.text, frame.at, 'class', new Set());
        bound = expressions.value(default_, outer);
        spoil(bound);
      }
      frame.values.set(name, bound ?? UNKNOWN);
    }
    for (const one of [...left, ...named.values()]) state.escape(one);
  }
}
