/** Finds the methods of a class. */
import { child, type Node, nameOf, textOf } from '../syntax.ts';

export interface Method {
  name: string;
  node: Node;
  decorators: string[];
}

/** The methods in the body of a class, each with the texts of its decorators. */
export function methodsOf(cls: Node, text: string): Method[] {
  return (child(cls, 'Body')?.children ?? []).flatMap((one) => {
    const node = one.type === 'DecoratedStatement' ? child(one, 'FunctionDefinition') : one;
    const name = node?.type === 'FunctionDefinition' ? child(node, 'VariableName') : undefined;
    if (!node || !name) return [];
    const decorators = one.children
      .filter(({ type }) => type === 'Decorator')
      .map((decorator) => textOf(decorator, text).trim());
    return [{ name: nameOf(name, text), node, decorators }];
  });
}
