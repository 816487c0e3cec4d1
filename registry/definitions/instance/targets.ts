/** Handles targets: names, attributes, items and lists of these, to the left of `=` or after `as`, `for` or `del`. */

import { type Node, nameOf } from '../syntax.ts';
import type { Construction, TargetsOf } from './construction.ts';
import type { Frame } from './frames.ts';
import { keyOf, spoil, UNKNOWN, type Value } from './values.ts';

export class Targets implements TargetsOf {
  readonly #construction: Construction;

  constructor(construction: Construction) {
    this.#construction = construction;
  }

  store(target: Node, value: Value, frame: Frame): void {
    const { state } = this.#construction;
    switch (target.type) {
      case 'VariableName': {
        const name = nameOf(target, frame.text);
        if (!state.isSure()) spoil(value);
        frame.values.set(name, state.isSure() ? value : UNKNOWN);
        return;
      }
      case 'MemberExpression':
        this.#storeMember(target, value, frame);
        return;
      case 'TupleExpression':
      case 'ArrayExpression':
      case 'ParenthesizedExpression': {
        const targets = target.children.filter((one) => !/^[()[\],]$/.test(one.type));
        this.unpack(targets, value, frame);
        return;
      }
      default:
        state.escape(value);
    }
  }

  unpack(targets: readonly Node[], value: Value, frame: Frame): void {
    const plain = targets.filter(({ type }) => type !== '*');
    const isKnown =
      (value.kind === 'list' || value.kind === 'tuple') &&
      !value.spoiled &&
      value.items.length === targets.length;
    if (!isKnown) this.#construction.state.escape(value);
    for (const [at, one] of plain.entries())
      this.store(one, isKnown ? (value.items[at] as Value) : UNKNOWN, frame);
  }

  delete(target: Node, frame: Frame): void {
    const { attributes, expressions, state } = this.#construction;
    if (target.type === 'VariableName') frame.values.delete(nameOf(target, frame.text));
    if (target.type !== 'MemberExpression') {
      for (const one of target.children) this.delete(one, frame);
      return;
    }
    const [object, sign, property] = target.children;
    const owner = object ? expressions.value(object, frame) : UNKNOWN;
    // After the deletion, an attribute of the class may be visible again.
    if (owner.kind === 'self' && sign?.type === '.' && property)
      attributes.set(nameOf(property, frame.text), UNKNOWN);
    else state.escape(owner);
  }

  #storeMember(target: Node, value: Value, frame: Frame): void {
    const { attributes, expressions, state } = this.#construction;
    const [object, sign, property] = target.children;
    if (!object || !property) return;
    const owner = expressions.value(object, frame);
    if (sign?.type === '.') {
      if (owner.kind === 'self') attributes.set(nameOf(property, frame.text), value);
      else {
        state.escape(value);
        // Facts record `self.__class__.columns = …` and `Class.columns = …` by name.
        state.escape(owner);
      }
      return;
    }
    const written = target.children.slice(2, -1);
    const key = written.length === 1 && written[0] ? expressions.value(written[0], frame) : UNKNOWN;
    const name = keyOf(key);
    if (owner.kind === 'dict' && !owner.spoiled && state.isSure() && name !== null)
      owner.entries.set(name, { key: owner.entries.get(name)?.key ?? key, value });
    else {
      spoil(value);
      state.escape(owner);
    }
  }
}
