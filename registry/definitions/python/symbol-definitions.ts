/**
 * Records the names of functions, classes and type aliases: parameters, type parameters (PEP 695) and annotations (PEP
 * 649).
 */

import { type Node, nameOf } from './node.ts';
import { parametersOf } from './shapes.ts';
import { ComprehensionSymbols } from './symbol-comprehensions.ts';

export abstract class DefinitionSymbols extends ComprehensionSymbols {
  protected function(node: Node): void {
    const name = node.children.find(({ type }) => type === 'VariableName') as Node;
    this.bindName(name);
    const parameters = parametersOf(node);
    for (const { value } of parameters) if (value) this.visit(value);
    this.#typed(node, () => {
      const annotations = parameters.flatMap(({ annotation }) => annotation ?? []);
      const returned = node.children.find(({ type }) => type === 'TypeDef');
      this.annotations(returned ? [...annotations, returned] : annotations);
      this.within('function', () => {
        this.#parameters(parameters);
        this.visit(node.children.at(-1) as Node);
      });
    });
  }

  #parameters(parameters: readonly { name: Node }[]): void {
    for (const { name } of parameters) {
      const use = this.scope.of(nameOf(name, this.text));
      const written = nameOf(name, this.text);
      if (use.parameter) this.fail(name, `duplicate parameter '${written}' in function definition`);
      use.parameter = true;
    }
  }

  protected annotations(nodes: readonly Node[], what = 'an annotation'): void {
    if (nodes.length > 0) this.within('annotation', () => this.all(nodes), what);
  }

  protected lambda(node: Node): void {
    const parameters = parametersOf(node);
    for (const { value } of parameters) if (value) this.visit(value);
    this.within('lambda', () => {
      this.#parameters(parameters);
      this.visit(node.children.at(-1) as Node);
    });
  }

  protected class(node: Node): void {
    this.bindName(node.children[1] as Node);
    this.#typed(node, () => {
      const list = node.children.find(({ type }) => type === 'ArgList');
      if (list) this.arguments(list);
      this.within('class', () => this.visit(node.children.at(-1) as Node));
    });
  }

  protected alias(node: Node): void {
    this.bindName(node.children[1] as Node);
    this.#typed(node, () => this.annotations([node.children.at(-1) as Node], 'a type alias'));
  }

  /** Calls `visit` in the scope of the type parameters. Without type parameters, `visit` runs in the current scope. */
  #typed(node: Node, visit: () => void): void {
    const list = node.children.find(({ type }) => type === 'TypeParamList');
    if (!list) {
      visit();
      return;
    }
    this.within(
      'types',
      () => {
        this.#typeParameters(list);
        visit();
      },
      'the definition of a generic',
    );
  }

  #typeParameters(list: Node): void {
    let defaults = false;
    for (const one of list.children.filter(({ type }) => type === 'TypeParam')) {
      const name = one.children.find(({ type }) => type === 'VariableName') as Node;
      const written = nameOf(name, this.text);
      const use = this.scope.of(written);
      if (use.typeParameter) this.fail(name, `duplicate type parameter '${written}'`);
      use.typeParameter = true;
      use.bound = true;
      const bound = one.children.find(({ type }) => type === 'TypeDef');
      if (bound) this.annotations([bound], 'a TypeVar bound');
      const at = one.children.findIndex(({ type }) => type === 'AssignOp');
      if (at >= 0) this.annotations(one.children.slice(at + 1), 'a TypeVar default');
      else if (defaults)
        this.fail(name, `non-default type parameter '${written}' follows default type parameter`);
      defaults ||= at >= 0;
    }
  }
}
