/**
 * Facts about a class that decide what an import does with it. The facts are small, and they are read from the syntax
 * tree only once.
 */
import { child as childOf, type Node, nameOf, textOf } from '../syntax.ts';
import { baseExpressions } from './base-expressions.ts';
import { type Method, methodsOf } from './methods.ts';

/**
 * How a class treats a method. `given`: the class implements the method. `abstract`: the class declares it abstract.
 * `left`: the body only raises NotImplementedError, which leaves the method to subclasses.
 */
export type Given = 'given' | 'abstract' | 'left';

export interface ClassFacts {
  /** The methods of the class, and the attributes that its body assigns. */
  given: ReadonlyMap<string, Given>;
  hasConstructor: boolean;
  /** Whether the bases or keywords of the class name ABC or ABCMeta. */
  namesAbc: boolean;
  isDocumented: boolean;
  /** Whether the docstring says that the class is a base for other classes. */
  saysBase: boolean;
}

const BASE =
  /\b(base|super|parent|abstract|mixin|common|generic)[- ]?class\b|\bmix-?in\b|\bsubclass(ed|es)?\b/i;

/** @param name returns a copy of a name, because a substring would keep the whole text in memory */
export function classFacts(cls: Node, text: string, name: (one: string) => string): ClassFacts {
  const given = new Map<string, Given>();
  for (const assigned of childOf(cls, 'Body')?.children ?? []) {
    const target = assigned.type === 'AssignStatement' ? assigned.children[0] : undefined;
    if (target) given.set(name(nameOf(target, text)), 'given');
  }
  const methods = methodsOf(cls, text);
  for (const method of methods) given.set(name(method.name), givenBy(method, text));
  const documentation = docstring(cls, text);
  return {
    given,
    hasConstructor: methods.some(({ name }) => name === '__init__'),
    namesAbc: namesAbc(cls, text),
    isDocumented: documentation !== '',
    saysBase: BASE.test(documentation),
  };
}

function givenBy({ node, decorators }: Method, text: string): Given {
  if (
    decorators.some((one) =>
      /^@\s*(\w+\.)*abstract(method|property|classmethod|staticmethod)\b/.test(one),
    )
  )
    return 'abstract';
  const statements = childOf(node, 'Body')?.children.filter(({ type }) => type !== ':') ?? [];
  const only = statements.filter(
    ({ type, children }) =>
      type !== 'ExpressionStatement' || !/String$/.test(children[0]?.type ?? ''),
  );
  const raises =
    only.length === 1 && /^raise\s+NotImplementedError\b/.test(textOf(only[0] as Node, text));
  return raises ? 'left' : 'given';
}

function docstring(cls: Node, text: string): string {
  const first = childOf(cls, 'Body')?.children.find(({ type }) => type !== ':');
  const isString =
    first?.type === 'ExpressionStatement' && /String$/.test(first.children[0]?.type ?? '');
  if (!isString) return '';
  const literal = textOf(first, text).replace(/^[rbuf]*['"]+/i, '');
  let end = literal.length;
  while (/['"]/.test(literal[end - 1] ?? '')) end -= 1;
  return literal.slice(0, end).trim();
}

function namesAbc(cls: Node, text: string): boolean {
  if (baseExpressions(cls, text).some((dotted) => dotted.at(-1) === 'ABC')) return true;
  const list = childOf(cls, 'ArgList');
  return list !== undefined && /\bmetaclass\s*=\s*(\w+\.)*ABCMeta\b/.test(textOf(list, text));
}
