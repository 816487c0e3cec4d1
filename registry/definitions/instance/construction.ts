/** Interfaces of the parts that follow the creation of one instance. Each part uses the other parts. */

import type { Ancestor, Classes } from '../classes.ts';
import type { Meaning } from '../resolve.ts';
import type { FunctionStatement, Node, Statement } from '../syntax.ts';
import type { Facts } from './facts.ts';
import type { Frame, Given } from './frames.ts';
import type { State } from './state.ts';
import type { Value } from './values.ts';

export interface Construction {
  readonly classes: Classes;
  /** The class of the instance and its ancestors, in method resolution order. */
  readonly line: readonly Ancestor[];
  readonly facts: Facts;
  readonly state: State;
  readonly names: NamesOf;
  readonly attributes: AttributesOf;
  readonly expressions: ExpressionsOf;
  readonly callExpressions: ExpressionsOf;
  readonly targets: TargetsOf;
  readonly statements: StatementsOf;
  readonly calls: CallsOf;
}

/** Resolves names and dotted expressions. */
export interface NamesOf {
  value(node: Node, frame: Frame): Value;
  /** The value of `module.NAME` or `Class.NAME`; undefined for an expression of another form. */
  global(node: Node, frame: Frame): Value | undefined;
  isNumpy(node: Node, frame: Frame): boolean;
  /** Whether the expression refers to something in a module outside the program. */
  isOutside(node: Node, frame: Frame): boolean;
  isBuiltin(name: string, frame: Frame): boolean;
  /** The class to which an expression certainly refers; undefined if there is none. */
  classOf(node: Node, frame: Frame): Ancestor | undefined;
  /** All meanings that an expression may have when it runs. */
  meanings(node: Node, frame: Frame): readonly Meaning[];
}

/** Attributes of the instance as the code of its class sees them. */
export interface AttributesOf {
  get(name: string): Value;
  set(name: string, value: Value): void;
}

export interface ExpressionsOf {
  /** The value of an expression. The side effects of the expression are applied to the instance. */
  value(node: Node, frame: Frame): Value;
}

/** Handles targets: expressions to the left of `=`, or after `as`, `for` or `del`. */
export interface TargetsOf {
  store(target: Node, value: Value, frame: Frame): void;
  unpack(targets: readonly Node[], value: Value, frame: Frame): void;
  delete(target: Node, frame: Frame): void;
}

export interface StatementsOf {
  run(statements: readonly Statement[], frame: Frame): void;
}

export interface CallsOf {
  /** Follows a call like `Base.method(self, …)`. */
  on(cls: Ancestor, name: string, given: Given): Value;
  /** Calls a method. The search in the method resolution order starts at position `from`. */
  method(name: string, from: number, given: Given): Value;
  /** Calls a function or class of the module. */
  function(callee: Node, given: Given, frame: Frame): Value;
  /** Runs a function of an ancestor as a method of the instance. */
  run(cls: Ancestor & { kind: 'class' }, found: FunctionStatement, given: Given): Value;
}
