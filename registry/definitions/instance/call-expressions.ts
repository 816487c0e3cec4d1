/** Evaluates call expressions: first the called object, then the arguments. */

import { argumentsOf, dottedName, type Node, nameOf, textOf } from '../syntax.ts';
import { callBuiltin } from './builtin-calls.ts';
import { closure } from './closures.ts';
import type { Construction, ExpressionsOf } from './construction.ts';
import type { Frame, Given } from './frames.ts';
import { callCollection, callString, makeArray } from './object-calls.ts';
import { text as textValue, UNKNOWN, type Value } from './values.ts';

/** Names of array types that do not shorten strings. */
const TEXT_TYPE = /^(?:str|object|(?:np|numpy)\.(?:str_|object_))$/;

export class CallExpressions implements ExpressionsOf {
  readonly #construction: Construction;

  constructor(construction: Construction) {
    this.#construction = construction;
  }

  value(node: Node, frame: Frame): Value {
    const { expressions, state } = this.#construction;
    const [callee, list] = node.children;
    if (!callee || !list) return UNKNOWN;
    if (list.children.some(({ type }) => type === 'for')) {
      closure(state, list, frame);
      return UNKNOWN;
    }
    const { positional, keywords, starred } = argumentsOf(list, frame.text);
    const given: Given = {
      positional: positional.map((one) => expressions.value(one, frame)),
      keywords: new Map(
        [...keywords].map(([name, one]) => [
          name,
          name === 'dtype' && TEXT_TYPE.test(textOf(one, frame.text))
            ? textValue('str')
            : expressions.value(one, frame),
        ]),
      ),
      starred,
    };
    if (starred)
      for (const [at, one] of list.children.entries())
        if (/^\*\*?$/.test(list.children[at - 1]?.type ?? ''))
          state.escape(expressions.value(one, frame));
    if (callee.type === 'MemberExpression' && callee.children[1]?.type === '.')
      return this.#method(callee, given, frame);
    if (callee.type === 'VariableName') return this.#function(callee, given, frame);
    expressions.value(callee, frame);
    return state.hand(given);
  }

  #method(callee: Node, given: Given, frame: Frame): Value {
    const { calls, expressions, names, state } = this.#construction;
    const [object, , property] = callee.children;
    if (!object || !property) return state.hand(given);
    const name = nameOf(property, frame.text);
    const dotted = dottedName(callee, frame.text);
    const [root = ''] = dotted?.split('.') ?? [];
    if (dotted !== null && !frame.own.has(root)) {
      const numpy = names.isNumpy(object, frame);
      if (numpy && name === 'asarray' && given.positional[0]?.kind === 'array')
        return given.positional[0];
      if (numpy && /^(?:array|asarray)$/.test(name)) return makeArray(given);
      if (numpy && /^(?:zeros|ones|arange|linspace|full)$/.test(name)) return UNKNOWN;
      const cls = names.classOf(object, frame);
      if (cls) return calls.on(cls, name, given);
      if (names.isOutside(object, frame)) return state.hand(given);
    }
    const owner = expressions.value(object, frame);
    switch (owner.kind) {
      case 'self':
        return calls.method(name, 0, given);
      case 'super':
        return calls.method(name, owner.after + 1, given);
      case 'list':
      case 'dict':
        return callCollection(state, owner, name, given);
      case 'str':
        return callString(state, owner.value, name, given);
      default:
        state.escape(owner);
        return state.hand(given);
    }
  }

  /** Calls what a plain name refers to. */
  #function(callee: Node, given: Given, frame: Frame): Value {
    const { calls, names, state } = this.#construction;
    const name = nameOf(callee, frame.text);
    if (frame.own.has(name) && (frame.kind === 'function' || frame.values.has(name))) {
      const value = names.value(callee, frame);
      state.escape(value);
      return state.hand(given);
    }
    if (!names.isBuiltin(name, frame)) return calls.function(callee, given, frame);
    return callBuiltin(this.#construction, name, callee, given, frame);
  }
}
