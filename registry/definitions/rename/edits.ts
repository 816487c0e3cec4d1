/**
 * Finds what to change in the modules of a renamed definition, and which texts contain the old name but do not mean the
 * class.
 */
import { DefinitionError } from '../errors.ts';
import { stringValue } from '../literals.ts';
import {
  type Module,
  type Node,
  nameOf,
  parseModule,
  readImport,
  textOf,
  walk,
} from '../syntax.ts';
import { ModuleNames } from './module-names.ts';
import { ownerOf, type Scope, scopesOf, stringsOf } from './scopes.ts';

/** A text that contains the old name and is not changed. A person should check the text. */
export interface Mention {
  file: string;
  /** The line number, counted from 1. */
  line: number;
  text: string;
}

interface Renaming {
  /** The path of the main file, which contains the class. */
  main: string;
  from: string;
  to: string;
}

export const wordOf = (name: string): RegExp =>
  new RegExp(`(?<![A-Za-z0-9_])${name}(?![A-Za-z0-9_])`);

/** The parsed module; undefined if the text is nested too deeply. */
export function moduleOf(text: string): Module | undefined {
  try {
    return parseModule(text);
  } catch (error) {
    if (error instanceof DefinitionError) return undefined;
    throw error;
  }
}

export class Editor {
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #renaming: Renaming;
  readonly #names: ModuleNames;
  readonly #scopes = new Map<string, Scope[]>();
  /** The scopes in which the old name means the class or its module. */
  readonly #ours = new Set<Scope>();
  /** The modules from which the class can be imported. */
  readonly #givers = new Set<string>();
  /** For each module, the offsets at which the old name is replaced. */
  readonly #edits = new Map<string, Set<number>>();

  constructor(modules: ReadonlyMap<string, Module>, renaming: Renaming) {
    this.#modules = modules;
    this.#renaming = renaming;
    this.#names = new ModuleNames(modules);
    for (const [path, { root, text }] of modules)
      this.#scopes.set(path, scopesOf(root, text, renaming.from));
    this.#findOurs();
    for (const path of modules.keys()) this.#edits.set(path, this.#editsOf(path));
  }

  /** The text of a module with the new name. */
  applyTo(path: string): string {
    const { text } = this.#module(path);
    const { from, to } = this.#renaming;
    let result = '';
    let at = 0;
    for (const offset of [...(this.#edits.get(path) ?? [])].sort((a, b) => a - b)) {
      result += text.slice(at, offset) + to;
      at = offset + from.length;
    }
    return result + text.slice(at);
  }

  /** A place where the new name already means something, in a module that would use the new name. */
  findConflict(): { file: string; line: number } | undefined {
    const { to } = this.#renaming;
    for (const [file, { root, text }] of this.#modules) {
      if (this.#edits.get(file)?.size === 0) continue;
      for (const { places, imports } of scopesOf(root, text, to)) {
        const node = places[0]?.node ?? imports.find(({ bound }) => bound === to)?.node;
        if (node) return { file, line: lineAt(text, node.from) };
      }
    }
    return undefined;
  }

  /** Strings, other than documentation, that contain the old name as a word. */
  mentions(path: string): Mention[] {
    const { root, text } = this.#module(path);
    const edits = this.#edits.get(path) ?? new Set();
    const word = wordOf(this.#renaming.from);
    return stringsOf(root).flatMap((node) => {
      const isDocumentation = node.parent?.type === 'ExpressionStatement';
      const isEdited = [...edits].some((at) => at >= node.from && at < node.to);
      if (isDocumentation || isEdited || !word.test(literalText(node, text))) return [];
      const [line = ''] = textOf(node, text).split('\n', 1);
      return [{ file: path, line: lineAt(text, node.from), text: line }];
    });
  }

  #module(path: string): Module {
    return this.#modules.get(path) as Module;
  }

  #findOurs(): void {
    const { main } = this.#renaming;
    const [own] = this.#scopes.get(main) ?? [];
    if (!own) return;
    this.#ours.add(own);
    this.#givers.add(main);
    for (let size = 0; size !== this.#ours.size + this.#givers.size; ) {
      size = this.#ours.size + this.#givers.size;
      for (const [path, scopes] of this.#scopes) {
        for (const scope of scopes) {
          if (!this.#importsIt(path, scope)) continue;
          this.#ours.add(scope);
          if (scope.kind === 'module') this.#givers.add(path);
        }
      }
    }
  }

  #importsIt(path: string, { imports, binds }: Scope): boolean {
    const { from, main } = this.#renaming;
    return imports.some(({ statement, name, bound }) => {
      const source = this.#names.source(path, statement);
      const isGiven = source !== undefined && this.#givers.has(source);
      if (bound === '*') return isGiven && !binds;
      if (bound !== from) return false;
      return (isGiven && name === from) || this.#names.whole(path, statement, name) === main;
    });
  }

  #editsOf(path: string): Set<number> {
    const edits = new Set<number>();
    for (const scope of this.#scopes.get(path) ?? []) {
      for (const { node } of scope.places)
        if (this.#ours.has(ownerOf(scope, node))) edits.add(node.from);
    }
    const { root, text } = this.#module(path);
    const owners = this.#names.owners(path, this.#module(path));
    walk(root, (node) => {
      if (node.type === 'ImportStatement') this.#import(path, node, edits);
      if (node.type === 'MemberExpression') this.#attribute(node, text, owners, edits);
      if (node.type === 'String') this.#string(path, node, text, edits);
      return true;
    });
    // A name may be spelled with other characters than its NFKC form and then have another length. Places with another
    // spelling are not replaced.
    return new Set([...edits].filter((at) => text.startsWith(this.#renaming.from, at)));
  }

  /** Handles `from Old import …`, `import Old as m` and `from helper import Old as Base`. */
  #import(path: string, node: Node, edits: Set<number>): void {
    const { from, main } = this.#renaming;
    const { text } = this.#module(path);
    const statement = readImport(node, text);
    const split = node.children.findIndex(({ type }) => type === 'import');
    const source = this.#names.source(path, statement);
    if (source === main) {
      const origin = node.children.slice(0, split).findLast(({ type }) => type === 'VariableName');
      if (origin && nameOf(origin, text) === from) edits.add(origin.from);
    }
    for (const { name, node: clause } of statement.names) {
      const isClass = source !== undefined && this.#givers.has(source) && name === from;
      if (!isClass && this.#names.whole(path, statement, name) !== main) continue;
      const tokens = node.children.filter(
        (one) =>
          one.type === 'VariableName' &&
          one.from >= clause.from &&
          one.to <= clause.to &&
          node.children[one.index - 1]?.type !== 'as',
      );
      const last = tokens.at(-1);
      if (last && nameOf(last, text) === from) edits.add(last.from);
    }
  }

  /**
   * Handles `module.Old`, and `self._Old__private`, the form that Python gives to names with two leading underscores.
   */
  #attribute(
    node: Node,
    text: string,
    owners: ReadonlyMap<string, string>,
    edits: Set<number>,
  ): void {
    const { from } = this.#renaming;
    const [owner, , property] = node.children;
    if (!owner || property?.type !== 'PropertyName') return;
    const name = nameOf(property, text);
    const plain = from.replace(/^_+/, '');
    const giver = owners.get(textOf(owner, text).replace(/\s/g, ''));
    if (name === from && giver !== undefined && this.#givers.has(giver)) edits.add(property.from);
    const isMangled = name.startsWith(`_${plain}__`) && !name.endsWith('__');
    if (isMangled && plain === from) edits.add(property.from + 1);
  }

  /** Handles strings that contain a name of the module: in `__all__`, and in annotations. */
  #string(path: string, node: Node, text: string, edits: Set<number>): void {
    const [root] = this.#scopes.get(path) ?? [];
    if (!root || !this.#ours.has(root)) return;
    const value = stringValue(textOf(node, text));
    const content = /^[a-zA-Z]*("""|'''|"|')/.exec(textOf(node, text))?.[0].length ?? 0;
    // If the string has escapes, offsets in its value differ from offsets in the text.
    if (value === undefined || text.substr(node.from + content, value.length) !== value) return;
    if (isInAll(node, text) && value === this.#renaming.from) edits.add(node.from + content);
    if (!isAnnotation(node, text)) return;
    const annotation = moduleOf(value);
    const [inner] = annotation ? scopesOf(annotation.root, value, this.#renaming.from) : [];
    for (const one of inner?.places ?? []) edits.add(node.from + content + one.node.from);
  }
}

const lineAt = (text: string, offset: number): number =>
  text.slice(0, offset).split(/\r\n|\n|\r/).length;

/** The text of a literal. The code in the braces of an f-string is left out. */
function literalText(node: Node, text: string): string {
  let result = '';
  let at = node.from;
  for (const one of node.children) {
    if (one.type !== 'FormatReplacement') continue;
    result += text.slice(at, one.from);
    at = one.to;
  }
  return result + text.slice(at, node.to);
}

function isInAll(node: Node, text: string): boolean {
  let at: Node | null = node.parent;
  while (at && /^(Array|Tuple|Parenthesized|Binary)Expression$|^ArgList$/.test(at.type))
    at = at.parent;
  const first = at?.children[0];
  if (!at || !first || !/^(AssignStatement|UpdateStatement|CallExpression)$/.test(at.type))
    return false;
  return /^__all__(\.\w+)?$/.test(textOf(first, text).replace(/\s/g, ''));
}

/** Whether the string is in an annotation. Values of `Literal[…]` and metadata of `Annotated[…]` do not count. */
function isAnnotation(node: Node, text: string): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (at.type === 'TypeDef') return true;
    const [owner] = at.children;
    if (
      at.type === 'MemberExpression' &&
      owner &&
      /(^|\.)(Literal|Annotated)$/.test(textOf(owner, text))
    )
      return false;
    if (/Statement$|Definition$|^CallExpression$/.test(at.type)) return false;
  }
  return false;
}
