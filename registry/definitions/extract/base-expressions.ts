/** Reads the base classes of a class as they are written. */
import { argumentsOf, child, dottedName, type Node } from '../syntax.ts';

/** The base classes as dotted names: `class A(base.B, Generic[T], metaclass=M)` gives `base.B` and `Generic`. */
export function baseExpressions(node: Node, text: string): string[][] {
  const list = child(node, 'ArgList');
  const bases = list ? argumentsOf(list, text).positional : [];
  return bases.flatMap((base) => {
    const isSubscript = base.type === 'MemberExpression' && base.children[1]?.type === '[';
    const dotted = dottedName((isSubscript ? base.children[0] : undefined) ?? base, text);
    return dotted === null ? [] : [dotted.split('.')];
  });
}
