/** Where code runs while an instance is made, and what it can do to the instance. */

import type { Ancestor } from './classes.ts';
import type { Node } from './syntax.ts';
import type { Value } from './values.ts';

/** Where code runs: a function that was called, or the body of a class. */
export interface Frame {
  readonly path: string;
  readonly text: string;
  /** Names that belong to this frame; all others are the module's. */
  readonly own: ReadonlySet<string>;
  readonly values: Map<string, Value>;
  /** The class whose body the code stands in, and its place in the line of ancestors. */
  readonly at: number;
  /** Names that a function inside may give another value. */
  readonly loose: Set<string>;
  readonly kind: 'function' | 'class';
  /** What it returned, where it surely did. */
  returned: Value | undefined;
  /** It may have returned, so that what follows may not run. */
  mayBeOver: boolean;
}

/** What a call is given. */
export interface Given {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  /** `*a` or `**k` hide what else it is given. */
  readonly starred: boolean;
}

/** A frame in which nothing has run yet. */
export function frameOf(
  path: string,
  text: string,
  at: number,
  kind: Frame['kind'],
  own: ReadonlySet<string>,
): Frame {
  return {
    path,
    text,
    at,
    kind,
    own,
    values: new Map(),
    loose: new Set(),
    returned: undefined,
    mayBeOver: false,
  };
}

/** What expressions ask of the instance that is being made, and do to it. */
export interface World {
  /** Counts a step; false when there were too many. */
  spend(): boolean;
  /** Whether what runs now surely runs, and once. */
  isSure(): boolean;
  /** Runs something that may not run, or may run more than once. */
  maybe(what: () => void): void;
  /** What somebody unknown holds may be changed at any time. */
  escape(value: Value): void;
  /** Gives arguments to somebody unknown. */
  hand(given: Given): Value;
  /** Everything that was set so far may have been changed. */
  forget(): void;
  spoilAll(): void;
  name(node: Node, frame: Frame): Value;
  /** The value of `module.NAME` or `Class.NAME`; undefined where the expression is not of that form. */
  global(node: Node, frame: Frame): Value | undefined;
  store(target: Node, value: Value, frame: Frame): void;
  /** A function that is made now and may run at any time: what it may change is not known from here on. */
  closure(node: Node, frame: Frame): void;
  /** The attribute of the instance as code of the class sees it. */
  attribute(name: string): Value;
  setAttribute(name: string, value: Value): void;
  isNumpy(node: Node, frame: Frame): boolean;
  /** Something of a module that is not the program's. */
  isOutside(node: Node, frame: Frame): boolean;
  isBuiltin(name: string, frame: Frame): boolean;
  /** The class that an expression names, if it surely names one. */
  classOf(node: Node, frame: Frame): Ancestor | undefined;
  /** Its place in the line of ancestors; -1 where it has none. */
  placeOf(node: Node, frame: Frame): number;
  /** `Base.method(self, …)` and the like. */
  callOn(cls: Ancestor, name: string, given: Given): Value;
  /** Calls the method that the line has from this place on. */
  callMethod(name: string, from: number, given: Given): Value;
  /** Calls a function or class of the module. */
  callFunction(callee: Node, given: Given, frame: Frame): Value;
}
