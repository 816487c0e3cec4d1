/**
 * Finds errors about targets and bound names, as CPython's compiler does (Python/codegen.c): misplaced stars,
 * `__debug__`, or a repeated keyword argument.
 */

import type { Fault } from './faults.ts';
import { type Node, nameOf } from './node.ts';

export class TargetChecks {
  fault: Fault | null = null;
  protected readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  protected fail(node: Node, message: string): void {
    this.fault ??= { from: node.from, to: node.to, message };
  }

  /** Checks a list of targets. `*a` may appear only once, and only together with other targets. */
  protected targets(nodes: readonly Node[]): void {
    if (nodes[0]?.type === '*' && !nodes.some(({ type }) => type === ','))
      this.fail(nodes[0], 'starred assignment target must be in a list or tuple');
    this.#targetList(nodes);
  }

  #targetList(nodes: readonly Node[]): void {
    const stars = nodes.filter(({ type }) => type === '*');
    if (stars[1]) this.fail(nodes[0] as Node, 'multiple starred expressions in assignment');
    const before = nodes
      .slice(0, nodes.indexOf(stars[0] as Node))
      .filter(({ type }) => type === ',');
    if (stars[0] && before.length > 255)
      this.fail(nodes[0] as Node, 'too many expressions in star-unpacking assignment');
    for (const one of nodes) {
      if (one.type === 'VariableName' || one.type === 'MemberExpression') this.name(one);
      else if (/^(?:Tuple|Array)Expression$/.test(one.type)) this.#targetList(one.children);
      else if (one.type === 'ParenthesizedExpression') this.targets(one.children.slice(1, -1));
    }
  }

  /** Checks that `*a` is used only in a list or tuple. */
  protected starred(nodes: readonly Node[]): void {
    if (nodes[0]?.type === '*' && !nodes.some(({ type }) => type === ','))
      this.fail(nodes[0], "can't use starred expression here");
  }

  protected name(node: Node | undefined): void {
    const name = node?.type === 'MemberExpression' ? node.children.at(-1) : node;
    if (node && name && /^\w+$/.test(name.type) && nameOf(name, this.text) === '__debug__')
      this.fail(node, 'cannot assign to __debug__');
  }

  protected deleted(nodes: readonly Node[]): void {
    for (const one of nodes) {
      if (/^(?:Tuple|Array|Parenthesized)Expression$/.test(one.type)) this.deleted(one.children);
      else this.name(one);
    }
  }

  protected imported({ children }: Node): void {
    for (const [at, one] of children.entries())
      if (one.type === 'VariableName' && !/^(?:as|\.)$/.test(children[at + 1]?.type ?? ''))
        this.name(one);
  }

  protected keywords(node: Node): void {
    const seen = new Set<string>();
    for (const [at, one] of node.children.entries()) {
      const sign = node.children[at + 1];
      if (one.type !== 'VariableName' || sign?.type !== 'AssignOp') continue;
      this.name(one);
      if (this.text[sign.from] === ':') continue;
      const name = nameOf(one, this.text);
      if (seen.has(name)) this.fail(one, `keyword argument repeated: ${name}`);
      seen.add(name);
    }
  }
}
