/** Questions about code, for following the creation of an instance. */

import type { ClassAt } from '../classes.ts';
import {
  dottedName,
  type FunctionStatement,
  type Node,
  nameOf,
  type Statement,
  walk,
} from '../syntax.ts';
import type { Given } from './frames.ts';
import { type Dict, UNKNOWN, type Value } from './values.ts';

export const NOTHING_GIVEN: Given = { positional: [], keywords: new Map(), starred: false };

/** Methods of a class that change how instances are created or how attributes work. */
export const ODD = [
  '__new__',
  '__setattr__',
  '__getattribute__',
  '__delattr__',
  '__init_subclass__',
  '__slots__',
  '__class__',
];

/** Methods of a class that PyBirch calls. */
export const HOOKS = [
  '_connect_impl',
  '_initialize_impl',
  '_shutdown_impl',
  '_perform_measurement_impl',
  'check_connection',
  'connect',
  'initialize',
  'shutdown',
  'perform_measurement',
  'settings',
  'position',
];

/** The names and attributes that a statement binds or changes, or to which it gives a second name. */
export function changedIn({ type, children }: Node): readonly Node[] {
  switch (type) {
    case 'AssignStatement': {
      const last = children.at(-1);
      const end = children.findLastIndex((one) => one.type === 'AssignOp');
      const isAlias = last && /^(?:VariableName|MemberExpression)$/.test(last.type);
      return [...children.slice(0, Math.max(end, 0)), ...(isAlias ? [last] : [])];
    }
    case 'UpdateStatement':
      return children.slice(0, 1);
    case 'DeleteStatement':
    case 'ReturnStatement':
      return children.slice(1);
    case 'ForStatement':
      return children.slice(
        1,
        children.findIndex((one) => one.type === 'in'),
      );
    default:
      return [];
  }
}

/** Whether a base class of PyBirch certainly lacks the method. Other base classes may have it. */
export function isAbsent(base: string, name: string): boolean {
  if (name === '_define_settings') return false;
  return base === 'InstrumentSettingsMixin'
    ? !/settings|^__init__$/.test(name)
    : base === 'SimulatedDelay' && !/^(?:__init__|_delay)$/.test(name);
}

/** A dict with known keys and unknown values. */
export function partly(value: Value | undefined): Value {
  if (value?.kind !== 'dict') return UNKNOWN;
  const dict: Dict = { kind: 'dict', entries: new Map(value.entries), spoiled: true };
  return dict;
}

export function functionsOf(body: readonly Statement[]): FunctionStatement[] {
  return body.flatMap((one) =>
    one.kind === 'function' ? [one] : one.kind === 'block' ? one.bodies.flatMap(functionsOf) : [],
  );
}

/** The function of this name that the class has in the end: the last definition counts. */
export function functionNamed({ statement }: ClassAt, name: string): FunctionStatement | undefined {
  return functionsOf(statement.body).findLast((one) => one.name === name);
}

/** The function that this node of the module defines. */
export function functionAt(
  statements: readonly Statement[],
  node: Node,
): FunctionStatement | undefined {
  return statements.find((one) => one.node === node && one.kind === 'function') as
    | FunctionStatement
    | undefined;
}

export function isLast({ statement }: ClassAt, found: FunctionStatement): boolean {
  const all = functionsOf(statement.body).filter((one) => one.name === found.name);
  return all.every((one) => statement.body.includes(one)) && all.at(-1) === found;
}

export function globalsIn(node: Node, text: string): Set<string> {
  const names = new Set<string>();
  walk(node, (one) => {
    if (one.type === 'ScopeStatement')
      for (const name of one.children.slice(1))
        if (name.type === 'VariableName') names.add(nameOf(name, text));
    return true;
  });
  return names;
}

/** The first name of a dotted expression: `a` of `a.b.c`. */
export function rootOf(node: Node, text: string): string {
  return dottedName(node, text)?.split('.')[0] ?? '';
}

/** The module-level name to which the expression is assigned. */
export function ownName({ parent }: Node, text: string): string | null {
  const target = parent?.type === 'AssignStatement' ? parent.children[0] : undefined;
  return target?.type === 'VariableName' ? nameOf(target, text) : null;
}
