/**
 * Python source as a small typed tree. The grammar is `@lezer/python`, which recovers from errors:
 * whatever it is given it answers with a tree, so that this layer describes and ruff judges.
 */

import type { PartialParse } from '@lezer/common';
import { parser } from '@lezer/python';
import { DefinitionError } from './errors.ts';
import { checkLimits } from './limits.ts';
import { Recent } from './recent.ts';
import { positions } from './source.ts';

/** A node of the grammar; `from` and `to` are offsets in UTF-16 code units, `to` exclusive. */
export interface Node {
  readonly type: string;
  readonly from: number;
  readonly to: number;
  readonly parent: Node | null;
  /** Its place among the children of its parent. */
  readonly index: number;
  /** Named tokens and nodes in order, without comments. */
  readonly children: readonly Node[];
}

/** A name and the node that it stands in. */
export interface Name {
  readonly name: string;
  readonly node: Node;
}

interface StatementBase {
  readonly node: Node;
}

/** `import a.b as c` has no `module`; `from ..a import b as c` has `module: 'a'`, `level: 2`. */
export interface ImportStatement extends StatementBase {
  readonly kind: 'import';
  readonly module: string | null;
  /** Leading dots of a relative import. */
  readonly level: number;
  /** `name` is dotted in `import a.b`; `bound` is the name that exists afterwards (`*` for a star). */
  readonly names: readonly { name: string; bound: string; node: Node }[];
}

export interface ClassStatement extends StatementBase {
  readonly kind: 'class';
  readonly name: string;
  readonly nameNode: Node;
  /** Positional arguments of the class statement. */
  readonly bases: readonly Node[];
  readonly decorators: readonly Node[];
  readonly body: readonly Statement[];
}

export interface FunctionStatement extends StatementBase {
  readonly kind: 'function';
  readonly name: string;
  readonly nameNode: Node;
  readonly parameters: readonly string[];
  readonly decorators: readonly Node[];
  readonly body: readonly Statement[];
}

/** `a = b = value`, `a: T`, `a: T = value`; targets are expressions, a tuple target is several. */
export interface AssignStatement extends StatementBase {
  readonly kind: 'assign';
  /** One entry per `=`; `a, b = 1, 2` is one entry of two nodes. */
  readonly targets: readonly (readonly Node[])[];
  readonly annotation: Node | null;
  /** Null for a bare annotation; several nodes for an unparenthesised tuple. */
  readonly value: readonly Node[] | null;
}

/** `a += value` */
export interface UpdateStatement extends StatementBase {
  readonly kind: 'update';
  readonly target: Node | null;
}

export interface ExpressionStatement extends StatementBase {
  readonly kind: 'expression';
  readonly value: Node | null;
}

/** `if`, `for`, `while`, `try`, `with`, `match`: what runs sometimes, or more than once. */
export interface BlockStatement extends StatementBase {
  readonly kind: 'block';
  readonly bodies: readonly (readonly Statement[])[];
}

/** `return`, `raise`, `pass`, `del`, `global`, `type X = …`, and what the grammar could not read. */
export interface OtherStatement extends StatementBase {
  readonly kind: 'other';
}

export type Statement =
  | ImportStatement
  | ClassStatement
  | FunctionStatement
  | AssignStatement
  | UpdateStatement
  | ExpressionStatement
  | BlockStatement
  | OtherStatement;

export interface Module {
  readonly text: string;
  readonly root: Node;
  readonly statements: readonly Statement[];
}

/** Deeper nesting (of operators; brackets are bounded before) is refused, as CPython's parser refuses it. */
const MAX_DEPTH = 1000;

/** Steps that the grammar may spend on finding its way again: each costs some twenty plain ones. */
const MAX_RECOVERY = 15_000;

type Growing = { -readonly [Key in keyof Node]: Key extends 'children' ? Growing[] : Node[Key] } & {
  children: Growing[];
};

const COMPOUND =
  /(?:Definition|Body|MatchClause|IfStatement|WhileStatement|ForStatement|TryStatement|WithStatement|MatchStatement|DecoratedStatement|StatementGroup)$/;

/**
 * Modules are never changed, so that validating, describing and carving the same text share one. Eight
 * are enough for a definition with helpers; of 32 KB each, they take some 20 MB when every letter is a token.
 */
const parsed = new Recent<Module>(8, 32_768);

/**
 * Reads Python source; text that is not Python gives a tree all the same. `templates` is what
 * `checkLimits` said of this text, where it was asked before.
 * @throws DefinitionError `too_deep` where the nesting exceeds what CPython could compile
 */
export function parseModule(text: string, templates?: readonly number[]): Module {
  return parsed.recall(text, () => {
    const root = readTree(text, templates ?? checkLimits(text));
    return { text, root, statements: statementsOf(root, text) };
  });
}

function readTree(text: string, templates: readonly number[]): Node {
  const root: Growing = {
    type: 'Script',
    from: 0,
    to: text.length,
    parent: null,
    index: 0,
    children: [],
  };
  let current = root;
  let depth = 0;
  grammarTree(text, templates).iterate({
    enter: ({ type, from, to }) => {
      if (type.name === 'Comment') return false;
      if (type.isTop) return true;
      if (++depth > MAX_DEPTH)
        throw tooDeep(text, from, `Nested more than ${MAX_DEPTH} levels deep`);
      const node: Growing = {
        type: type.name,
        from,
        to,
        parent: current,
        index: current.children.length,
        children: [],
      };
      current.children.push(node);
      current = node;
      return true;
    },
    leave: ({ type }) => {
      if (type.name === 'Comment' || type.isTop) return;
      // The grammar lets a block reach over the blank lines and comments that follow it.
      const last = current.children.at(-1);
      if (last && COMPOUND.test(current.type)) current.to = last.to;
      current = current.parent as Growing;
      depth--;
    },
  });
  return root;
}

function grammarTree(text: string, templates: readonly number[]) {
  // `recovering` counts down after an error; @lezer/lr keeps it out of its types.
  const parse = parser.startParse(asKnown(text, templates)) as PartialParse & {
    recovering: number;
  };
  let recovery = 0;
  for (let tree = parse.advance(); ; tree = parse.advance()) {
    if (tree) return tree;
    if (parse.recovering > 0 && ++recovery > MAX_RECOVERY)
      throw tooDeep(text, parse.parsedPos, 'Too much up to here that is not Python');
  }
}

/** A number whose point has no digit behind it: `1.`, `1.e-3`. */
const BARE_POINT =
  /(?<![\p{L}\p{M}\p{N}\p{Pc}.])(\d[\d_]*)\.(?=[eE][-+]?\d|[jJ]?(?![\p{L}\p{M}\p{N}\p{Pc}.]))/gu;

/**
 * What the grammar does not know, written as something of the same length and kind that it does: template
 * strings (PEP 750) as f-strings, `1.` as `10`. Nodes have places alone, so that values are read from the text itself.
 */
function asKnown(text: string, templates: readonly number[]): string {
  let known = '';
  let copied = 0;
  for (const at of templates) {
    known += `${text.slice(copied, at)}f`;
    copied = at + 1;
  }
  return (known + text.slice(copied)).replace(BARE_POINT, (_, digits: string) => `${digits}0`);
}

function tooDeep(text: string, offset: number, message: string): DefinitionError {
  const span = positions(text).span(offset, offset + 1);
  return new DefinitionError('too_deep', [{ ...span, code: 'too-deep', message }]);
}

/** The text that a node covers. */
export function textOf(node: Node, text: string): string {
  return text.slice(node.from, node.to);
}

/**
 * The identifier that a node is, as Python compares it: in normal form KC (PEP 3131), so that `ｏs` is `os`.
 * Every name that is looked up, compared or shown comes from here; the node keeps the place of what was written.
 */
export function nameOf(node: Node, text: string): string {
  const written = textOf(node, text);
  return /^[\0-\x7f]*$/.test(written) ? written : written.normalize('NFKC');
}

/** The first child of one of these types. */
export function child(node: Node, ...types: string[]): Node | undefined {
  return node.children.find((one) => types.includes(one.type));
}

/** A node and everything below it in document order; `enter` returning false leaves out what is below. */
export function walk(node: Node, enter: (node: Node) => boolean | undefined): void {
  const pending = [node];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (enter(next) === false) continue;
    for (let at = next.children.length - 1; at >= 0; at--) pending.push(next.children[at] as Node);
  }
}

function statementsOf(parent: Node, text: string): Statement[] {
  return parent.children.flatMap((node) =>
    node.type === 'StatementGroup'
      ? statementsOf(node, text)
      : /Statement$|Definition$|^⚠$/.test(node.type)
        ? [readStatement(node, text)]
        : [],
  );
}

function readStatement(node: Node, text: string): Statement {
  switch (node.type) {
    case 'ImportStatement':
      return readImport(node, text);
    case 'DecoratedStatement':
      return readDecorated(node, text);
    case 'ClassDefinition':
      return readClass(node, node, [], text);
    case 'FunctionDefinition':
      return readFunction(node, node, [], text);
    case 'AssignStatement':
      return readAssign(node, text);
    case 'UpdateStatement':
      return { kind: 'update', node, target: node.children[0] ?? null };
    case 'ExpressionStatement':
      return {
        kind: 'expression',
        node,
        value: node.children.length === 1 ? (node.children[0] ?? null) : null,
      };
    case 'IfStatement':
    case 'WhileStatement':
    case 'ForStatement':
    case 'TryStatement':
    case 'WithStatement':
      return { kind: 'block', node, bodies: bodiesOf(node, text) };
    case 'MatchStatement':
      return {
        kind: 'block',
        node,
        bodies: (child(node, 'MatchBody')?.children ?? []).flatMap((one) => bodiesOf(one, text)),
      };
    default:
      return { kind: 'other', node };
  }
}

function bodiesOf(node: Node, text: string): Statement[][] {
  return node.children.filter((one) => one.type === 'Body').map((body) => statementsOf(body, text));
}

/** Takes the node of an import statement apart. */
export function readImport(node: Node, text: string): ImportStatement {
  const isFrom = node.children[0]?.type === 'from';
  const split = isFrom ? node.children.findIndex((one) => one.type === 'import') : 0;
  const origin = isFrom ? node.children.slice(1, split < 0 ? undefined : split) : [];
  const names: { name: string; bound: string; node: Node }[] = [];
  let parts: Node[] = [];
  let alias: Node | undefined;
  const flush = (): void => {
    const [first, last] = [parts[0], parts.at(-1)];
    if (first && last) {
      const name = parts.map((part) => nameOf(part, text)).join('.');
      const bound = alias ? nameOf(alias, text) : isFrom ? name : nameOf(first, text);
      names.push({ name, bound, node: { ...first, to: last.to, children: parts } });
    }
    parts = [];
    alias = undefined;
  };
  let afterAs = false;
  for (const one of split < 0 ? [] : node.children.slice(split + 1)) {
    if (one.type === ',') flush();
    if (one.type === '*') names.push({ name: '*', bound: '*', node: one });
    if (one.type === 'VariableName' && afterAs) alias = one;
    else if (one.type === 'VariableName') parts.push(one);
    afterAs = one.type === 'as';
  }
  flush();
  const module = origin.filter((one) => one.type === 'VariableName');
  const firstName = origin.findIndex((one) => one.type === 'VariableName');
  const dots = origin.slice(0, firstName < 0 ? undefined : firstName);
  return {
    kind: 'import',
    node,
    module: module.length > 0 ? module.map((one) => nameOf(one, text)).join('.') : null,
    level: dots.reduce((sum, one) => sum + textOf(one, text).length, 0),
    names,
  };
}

function readDecorated(node: Node, text: string): Statement {
  const decorators = node.children.filter((one) => one.type === 'Decorator');
  const inner = child(node, 'ClassDefinition', 'FunctionDefinition');
  if (inner?.type === 'ClassDefinition') return readClass(inner, node, decorators, text);
  if (inner) return readFunction(inner, node, decorators, text);
  return { kind: 'other', node };
}

function readClass(inner: Node, node: Node, decorators: Node[], text: string): Statement {
  const nameNode = child(inner, 'VariableName');
  if (!nameNode) return { kind: 'other', node };
  const args = child(inner, 'ArgList');
  return {
    kind: 'class',
    node,
    name: nameOf(nameNode, text),
    nameNode,
    bases: args ? argumentsOf(args, text).positional : [],
    decorators,
    body: bodiesOf(inner, text).flat(),
  };
}

function readFunction(inner: Node, node: Node, decorators: Node[], text: string): Statement {
  const nameNode = child(inner, 'VariableName');
  if (!nameNode) return { kind: 'other', node };
  return {
    kind: 'function',
    node,
    name: nameOf(nameNode, text),
    nameNode,
    parameters: parameterNodes(inner).map((one) => nameOf(one, text)),
    decorators,
    body: bodiesOf(inner, text).flat(),
  };
}

/** The names that the parameter list of a function or lambda binds. */
export function parameterNodes(node: Node): Node[] {
  const list = child(node, 'ParamList')?.children ?? [];
  return list.filter((one, at) => one.type === 'VariableName' && list[at - 1]?.type !== 'AssignOp');
}

/** Takes the node of an assignment apart. */
export function readAssign(node: Node, text: string): AssignStatement {
  const sides: Node[][] = [[]];
  let annotation: Node | null = null;
  let assigned = false;
  for (const one of node.children) {
    if (one.type === 'AssignOp') {
      sides.push([]);
      assigned = true;
    } else if (one.type === 'TypeDef') {
      annotation = one.children.at(-1) ?? null;
    } else if (one.type !== ',' && textOf(one, text) !== '*') {
      sides.at(-1)?.push(one);
    }
  }
  const value = assigned ? (sides.pop() ?? null) : null;
  return { kind: 'assign', node, targets: sides, annotation, value };
}

/** Arguments of a call or class statement; `starred` where `*a` or `**k` hide what else is passed. */
export interface Arguments {
  readonly positional: readonly Node[];
  readonly keywords: ReadonlyMap<string, Node>;
  readonly starred: boolean;
}

/** Takes the `ArgList` of a call or class statement apart. */
export function argumentsOf(list: Node, text: string): Arguments {
  const positional: Node[] = [];
  const keywords = new Map<string, Node>();
  let starred = false;
  for (const group of groups(list.children.slice(1))) {
    const [first, second, third] = group;
    if (!first) continue;
    if (first.type === '*' || first.type === '**') starred = true;
    else if (second?.type === 'AssignOp' && third) {
      if (textOf(second, text) === '=') keywords.set(nameOf(first, text), third);
      else positional.push(third);
    } else positional.push(first);
  }
  return { positional, keywords, starred };
}

/** Children split at commas, closing brackets left out. */
export function groups(nodes: readonly Node[]): Node[][] {
  const found: Node[][] = [[]];
  for (const node of nodes) {
    if (node.type === ',') found.push([]);
    else if (!/^[()[\]{}⚠]$/.test(node.type)) found.at(-1)?.push(node);
  }
  return found;
}

/** `a.b.c` as text where the expression is nothing but names and dots, else null. */
export function dottedName(node: Node, text: string): string | null {
  const parts: string[] = [];
  let at: Node | undefined = node;
  while (at?.type === 'MemberExpression' && at.children[1]?.type === '.') {
    const property: Node | undefined = at.children[2];
    if (!property) return null;
    parts.unshift(nameOf(property, text));
    at = at.children[0];
  }
  return at?.type === 'VariableName' ? [nameOf(at, text), ...parts].join('.') : null;
}
