/** Finds the code of the folder that runs when something is called or a class is created. Nothing is executed. */
import { argumentsOf, child, type Node } from '../syntax.ts';
import type { SourceFolder } from './folder.ts';
import { methodsOf } from './methods.ts';
import type { Statement } from './module.ts';
import { type Reaches, rootOf } from './reach.ts';

/** The methods that Python calls to create an object. A metaclass's methods of these names create a class. */
export const MAKERS = ['__new__', '__init__', '__prepare__'];
/** How many calls and base classes are followed in a row. */
export const MAX_DEPTH = 20;

export class Callables {
  readonly #folder: SourceFolder;
  readonly #reaches: Reaches;

  constructor(folder: SourceFolder, reaches: Reaches) {
    this.#folder = folder;
    this.#reaches = reaches;
  }

  /**
   * The functions that may run when a name is called: the function itself or the constructor of a class. With `method`,
   * returns the methods of that name, for a class as well as for an instance of a class.
   */
  bodies(path: string, name: string, method: string, steps = 0): [path: string, node: Node][] {
    const module = this.#folder.module(path);
    const found: [string, Node][] = [];
    if (steps > MAX_DEPTH) return found;
    for (const statement of module.bindings.get(name) ?? []) {
      const { node } = statement;
      const inner = node.type === 'DecoratedStatement' ? node.children.at(-1) : node;
      const value = node.type === 'AssignStatement' ? node.children.at(-1) : undefined;
      const isCall = value?.type === 'CallExpression';
      const root = value && rootOf(value, module.text);
      const target = root && this.#reaches.target(path, root);
      if (inner?.type === 'FunctionDefinition' && method === '') found.push([path, inner]);
      else if (module.classes.get(name)?.statement === statement) {
        found.push(...this.methods(path, name, method === '' ? MAKERS : [method]));
      } else if (target?.kind === 'definition' && !this.#reaches.isOutside(target)) {
        const called = method === '' ? '__call__' : method;
        if (isCall) found.push(...this.methods(target.path, target.name, [called]));
        else found.push(...this.bodies(target.path, target.name, method, steps + 1));
      }
    }
    return found;
  }

  /** Whether only functions and classes bind the name, so that a call of the name changes no object. */
  isDefined(path: string, name: string): boolean {
    const { bindings, classes } = this.#folder.module(path);
    const isFunction = ({ node }: Statement): boolean =>
      /^(Function|Class)Definition$/.test(
        (node.type === 'DecoratedStatement' ? node.children.at(-1) : node)?.type ?? '',
      );
    return classes.has(name) || (bindings.get(name) ?? []).every(isFunction);
  }

  /** The methods of a class with these names, including those that it inherits from classes of the folder. */
  methods(path: string, name: string, wanted: readonly string[], steps = 0): [string, Node][] {
    const module = this.#folder.module(path);
    const cls = module.classes.get(name);
    if (!cls || steps > MAX_DEPTH) return [];
    const own = methodsOf(cls.node, module.text)
      .filter((method) => wanted.includes(method.name))
      .map((method): [string, Node] => [path, method.node]);
    return [
      ...own,
      ...this.parents(path, cls.node).flatMap((one) => this.methods(...one, wanted, steps + 1)),
    ];
  }

  /**
   * The base classes that are in the folder. With `keyword`, the class that a keyword of the class statement names,
   * such as `metaclass`.
   */
  parents(path: string, node: Node, keyword?: string): [path: string, name: string][] {
    const { text } = this.#folder.module(path);
    const list = child(node, 'ArgList');
    if (!list) return [];
    const { positional, keywords } = argumentsOf(list, text);
    const named = keyword === undefined ? positional : [keywords.get(keyword)];
    return named.flatMap((one) => {
      const root = one && rootOf(one, text);
      const target = root && this.#reaches.target(path, root);
      return target?.kind === 'definition' && !this.#reaches.isOutside(target)
        ? [[target.path, target.name] as [string, string]]
        : [];
    });
  }

  /** The metaclass of a class: its own, or an inherited one. */
  metaclasses(path: string, node: Node, steps = 0): [string, string][] {
    if (steps > MAX_DEPTH) return [];
    const own = this.parents(path, node, 'metaclass');
    if (own.length > 0) return own;
    return this.parents(path, node).flatMap(([at, name]) => {
      const parent = this.#folder.module(at).classes.get(name);
      return parent ? this.metaclasses(at, parent.node, steps + 1) : [];
    });
  }
}
