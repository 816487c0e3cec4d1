/** The parts that run one construction, as they see each other: each needs the others to follow what code does. */

import type { Ancestor, Classes } from '../classes.ts';
import type { Meaning } from '../resolve.ts';
import type { FunctionStatement, Node, Statement } from '../syntax.ts';
import type { Facts } from './facts.ts';
import type { Frame, Given } from './frames.ts';
import type { State } from './state.ts';
import type { Value } from './values.ts';

export interface Construction {
  readonly classes: Classes;
  /** The class of the instance, then its ancestors as Python looks through them. */
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

/** What a name or a dotted expression stands for. */
export interface NamesOf {
  value(node: Node, frame: Frame): Value;
  /** The value of `module.NAME` or `Class.NAME`; undefined where the expression is not of that form. */
  global(node: Node, frame: Frame): Value | undefined;
  isNumpy(node: Node, frame: Frame): boolean;
  /** Something of a module that is not the program's. */
  isOutside(node: Node, frame: Frame): boolean;
  isBuiltin(name: string, frame: Frame): boolean;
  /** The class that an expression names, if it surely names one. */
  classOf(node: Node, frame: Frame): Ancestor | undefined;
  /** All that an expression may stand for where it is run. */
  meanings(node: Node, frame: Frame): readonly Meaning[];
}

/** The attributes of the instance as code of its class sees them. */
export interface AttributesOf {
  get(name: string): Value;
  set(name: string, value: Value): void;
}

export interface ExpressionsOf {
  /** The value of an expression; what it does on the way is done to the instance. */
  value(node: Node, frame: Frame): Value;
}

/** What stands left of `=`, behind `as`, behind `for` or behind `del`. */
export interface TargetsOf {
  store(target: Node, value: Value, frame: Frame): void;
  unpack(targets: readonly Node[], value: Value, frame: Frame): void;
  delete(target: Node, frame: Frame): void;
}

export interface StatementsOf {
  run(statements: readonly Statement[], frame: Frame): void;
}

export interface CallsOf {
  /** `Base.method(self, …)` and the like. */
  on(cls: Ancestor, name: string, given: Given): Value;
  /** Calls the method that the line has from this place on. */
  method(name: string, from: number, given: Given): Value;
  /** Calls a function or class of the module. */
  function(callee: Node, given: Given, frame: Frame): Value;
  /** Runs a function of a class in the line as a method of the instance. */
  run(cls: Ancestor & { kind: 'class' }, found: FunctionStatement, given: Given): Value;
}
