/** Questions about syntax nodes, for finding the effects of statements. */
import { child, type Node, nameOf, walk } from '../syntax.ts';

/** The class statement that encloses a node. */
export function enclosingClass(node: Node | undefined): Node | undefined {
  let at: Node | null | undefined = node;
  while (at && at.type !== 'ClassDefinition') at = at.parent;
  return at ?? undefined;
}

/** Whether the class body assigns this attribute. */
export function assigns(cls: Node, attribute: string, text: string): boolean {
  return (child(cls, 'Body')?.children ?? []).some(
    (one) =>
      one.type === 'AssignStatement' &&
      one.children[0] !== undefined &&
      nameOf(one.children[0], text) === attribute,
  );
}

/**
 * Whether evaluating the expression can have an effect. Names, literals, and lists or dicts of names and literals have
 * no effect.
 */
export function does(node: Node): boolean {
  let found = false;
  walk(node, ({ type }) => {
    found ||= /^(Call|Await|Yield|Named)Expression$/.test(type);
    return !found && type !== 'LambdaExpression';
  });
  return found;
}
