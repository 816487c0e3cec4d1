/** Finds statements and expressions in the wrong place, as CPython's compiler does (Python/codegen.c). */

import type { Fault } from './faults.ts';
import { type Block, type Frame, frame } from './frame.ts';
import { futureFault } from './future.ts';
import type { Node } from './node.ts';
import { patternFault } from './pattern-names.ts';
import { type Comprehension, comprehensionOf } from './shapes.ts';
import { TargetChecks } from './target-checks.ts';

/** The first error in a text, and the warnings that CPython 3.14 gives (PEP 765). */
export interface Placed {
  readonly fault: Fault | null;
  readonly warnings: readonly Fault[];
}

export function placementFault(root: Node, text: string): Placed {
  const placement = new Placement(text);
  placement.run(root);
  return placement;
}

/** The most open blocks: CO_MAXBLOCKS of Include/internal/pycore_compile.h. */
const MAX_BLOCKS = 21;

class Placement extends TargetChecks implements Placed {
  readonly warnings: Fault[] = [];
  #frame: Frame = frame('module');

  run(root: Node): void {
    this.fault = futureFault(root, this.text);
    this.#all(root.children);
  }

  #all(nodes: readonly Node[]): void {
    for (const node of nodes) this.#visit(node);
  }

  readonly #visitors: Record<string, (node: Node) => void> = {
    FunctionDefinition: (node) => this.#function(node),
    LambdaExpression: (node) => this.#lambda(node),
    ClassDefinition: (node) => this.#class(node),
    ForStatement: (node) => this.#loop(node),
    WhileStatement: (node) => this.#loop(node),
    WithStatement: (node) => this.#with(node),
    TryStatement: (node) => this.#try(node),
    BreakStatement: (node) => this.#jump(node, 'break'),
    ContinueStatement: (node) => this.#jump(node, 'continue'),
    ReturnStatement: (node) => this.#return(node),
    YieldStatement: (node) => this.#yield(node),
    YieldExpression: (node) => this.#yield(node),
    AwaitExpression: (node) => this.#await(node),
    AssignStatement: (node) => this.#assign(node),
  };

  /** The checks by node type. The checks run before the children of a node are visited. */
  readonly #checks: Record<string, (node: Node) => void> = {
    MatchStatement: (node) => {
      const fault = patternFault(node, this.text);
      if (fault) this.fail(fault.node, fault.message);
    },
    UpdateStatement: ({ children }) => {
      this.name(children[0]);
      this.starred(children.slice(2));
    },
    ExpressionStatement: ({ children }) => this.starred(children),
    FormatReplacement: ({ children }) =>
      this.starred(children.slice(1).filter(({ type }) => !/^(?:Format.*|})$/.test(type))),
    ArgList: (node) => this.keywords(node),
    NamedExpression: ({ children }) => this.name(children[0]),
    DeleteStatement: ({ children }) => this.deleted(children.slice(1)),
    ImportStatement: (node) => this.imported(node),
  };

  #visit(node: Node): void {
    const visitor = this.#visitors[node.type];
    if (visitor) {
      visitor(node);
      return;
    }
    this.#checks[node.type]?.(node);
    const comprehension = comprehensionOf(node);
    if (comprehension) this.#comprehension(node, comprehension);
    else this.#all(node.children);
  }

  #within(inner: Frame, visit: () => void): Frame {
    const outer = this.#frame;
    this.#frame = inner;
    visit();
    this.#frame = outer;
    return inner;
  }

  /** Visits nodes inside blocks that CPython counts. At most 21 blocks may be open. */
  #inBlocks(kinds: readonly Block[], nodes: readonly Node[]): void {
    const { blocks } = this.#frame;
    blocks.push(...kinds);
    if (blocks.length > MAX_BLOCKS && nodes[0])
      this.fail(nodes[0], 'too many statically nested blocks');
    this.#all(nodes);
    blocks.length -= kinds.length;
  }

  #function(node: Node): void {
    const { children } = node;
    const isAsync = children[0]?.type === 'async';
    this.name(children.find(({ type }) => type === 'VariableName'));
    this.#all(children.slice(0, -1));
    this.#parameters(node);
    const inner = this.#within(frame('function', isAsync), () =>
      this.#visit(children.at(-1) as Node),
    );
    if (isAsync && inner.yields && inner.returned)
      this.fail(inner.returned, "'return' with value in async generator");
  }

  #parameters(node: Node): void {
    const list = node.children.find(({ type }) => type === 'ParamList')?.children ?? [];
    for (const [at, one] of list.entries())
      if (one.type === 'VariableName' && list[at - 1]?.type !== 'AssignOp') this.name(one);
  }

  #lambda(node: Node): void {
    this.#parameters(node);
    this.#all(node.children.slice(0, -1));
    this.#within(frame('lambda'), () => this.#visit(node.children.at(-1) as Node));
  }

  #class(node: Node): void {
    this.name(node.children[1]);
    this.#all(node.children.slice(1, -1));
    this.#within(frame('class'), () => this.#visit(node.children.at(-1) as Node));
  }

  #loop(node: Node): void {
    const { children } = node;
    const body = children.findIndex(({ type }) => type === 'Body');
    if (children[0]?.type === 'async') this.#needsAsync(node, "'async for'");
    if (node.type === 'ForStatement') {
      const split = children.findIndex(({ type }) => type === 'in');
      this.targets(children.slice(children[0]?.type === 'async' ? 2 : 1, split));
      this.starred(children.slice(split + 1, body));
    }
    this.#all(children.slice(0, body));
    this.#inBlocks(['loop'], children.slice(body, body + 1));
    this.#all(children.slice(body + 1));
  }

  #with(node: Node): void {
    if (node.children[0]?.type === 'async') this.#needsAsync(node, "'async with'");
    const items = node.children.slice(0, -1);
    for (const [at, one] of items.entries())
      if (one.type === 'as')
        this.targets(items.slice(at + 1, at + (items[at + 1]?.type === '*' ? 3 : 2)));
    this.#all(items);
    const count = 1 + items.filter(({ type }) => type === ',').length;
    const trailing = items.at(-2)?.type === ',' && items.at(-1)?.type === ')' ? 1 : 0;
    this.#inBlocks(Array<Block>(count - trailing).fill('other'), node.children.slice(-1));
  }

  #try(node: Node): void {
    const { children } = node;
    const isGroup = children.some(({ type }) => type === '*');
    const last = children.findIndex(({ type }) => type === 'finally');
    const hasFinally = last >= 0;
    const hasHandlers = children.some(({ type }) => type === 'except');
    this.#checkDefault(children);
    const outer: Block[] = hasFinally ? ['other'] : [];
    const end = hasFinally ? last : children.length;
    let part = 'try';
    for (const one of children.slice(0, end)) {
      if (one.type !== 'Body') {
        if (/^[a-z]+$/.test(one.type) && one.type !== 'as') part = one.type;
        this.#visit(one);
      } else if (part === 'except')
        this.#inBlocks([...outer, isGroup ? 'group' : 'other', 'other'], [one]);
      else this.#inBlocks(part === 'try' && hasHandlers ? [...outer, 'other'] : outer, [one]);
    }
    for (const [at, one] of children.entries()) if (one.type === 'as') this.name(children[at + 1]);
    if (hasFinally) this.#inBlocks(['finally'], children.slice(last + 1));
  }

  #checkDefault(children: readonly Node[]): void {
    const handlers = children.flatMap((one, at) =>
      one.type === 'except' ? [{ one, isDefault: children[at + 1]?.type === 'Body' }] : [],
    );
    const early = handlers.slice(0, -1).find(({ isDefault }) => isDefault);
    if (early) this.fail(early.one, "default 'except:' must be last");
  }

  /** Checks the place of a `break` or `continue`. */
  #jump(node: Node, word: 'break' | 'continue'): void {
    const { blocks } = this.#frame;
    const loop = blocks.lastIndexOf('loop');
    const crossed = blocks.slice(loop + 1);
    if (crossed.includes('group'))
      this.fail(node, "'break', 'continue' and 'return' cannot appear in an 'except*' block");
    else if (loop < 0)
      this.fail(
        node,
        word === 'break' ? "'break' outside loop" : "'continue' not properly in loop",
      );
    this.#warnInFinally(node, word, crossed);
  }

  #warnInFinally(node: Node, word: string, blocks: readonly Block[]): void {
    if (!blocks.includes('finally')) return;
    this.warnings.push({ from: node.from, to: node.to, message: `'${word}' in a 'finally' block` });
  }

  #return(node: Node): void {
    const { kind, blocks } = this.#frame;
    const values = node.children.slice(1);
    if (kind !== 'function') this.fail(node, "'return' outside function");
    if (blocks.includes('group'))
      this.fail(node, "'break', 'continue' and 'return' cannot appear in an 'except*' block");
    this.#warnInFinally(node, 'return', blocks);
    this.starred(values);
    if (values.length > 0) this.#frame.returned ??= node;
    this.#all(values);
  }

  #yield(node: Node): void {
    const { kind, isAsync } = this.#frame;
    if (kind === 'module' || kind === 'class') this.fail(node, "'yield' outside function");
    if (isAsync && node.children[1]?.type === 'from')
      this.fail(node, "'yield from' inside async function");
    this.#frame.yields = true;
    this.starred(node.children.slice(1));
    this.#all(node.children);
  }

  #await(node: Node): void {
    const { kind, isAsync } = this.#frame;
    if (kind === 'module' || kind === 'class') this.fail(node, "'await' outside function");
    else if (kind !== 'comprehension' && !isAsync)
      this.fail(node, "'await' outside async function");
    this.#frame.awaits = true;
    this.#all(node.children);
  }

  #needsAsync(node: Node, what: string): void {
    if (this.#frame.kind !== 'function' || !this.#frame.isAsync)
      this.fail(node, `${what} outside async function`);
  }

  #comprehension(node: Node, comprehension: Comprehension): void {
    const [first] = comprehension.loops;
    this.#visit(first.iterable);
    const inner = this.#within(frame('comprehension'), () => {
      for (const loop of comprehension.loops) {
        this.targets(loop.targets);
        this.#all([...loop.targets, ...loop.conditions]);
        if (loop !== first) this.#visit(loop.iterable);
      }
      this.#all(comprehension.elements);
    });
    const isAsync = inner.awaits || comprehension.loops.some((loop) => loop.isAsync);
    if (!isAsync || comprehension.kind === 'generator') return;
    const { kind, isAsync: outer } = this.#frame;
    if (kind !== 'comprehension' && !outer)
      this.fail(node, 'asynchronous comprehension outside of an asynchronous function');
    this.#frame.awaits = true;
  }

  #assign(node: Node): void {
    const { children } = node;
    const last = children.findLastIndex(({ type }) => type === 'AssignOp');
    let side: Node[] = [];
    for (const one of last < 0 ? children : children.slice(0, last + 1)) {
      if (one.type !== 'AssignOp') side.push(one);
      else {
        this.targets(side.filter(({ type }) => type !== 'TypeDef'));
        side = [];
      }
    }
    if (last < 0) this.targets(side.slice(0, 1));
    if (last >= 0) this.starred(children.slice(last + 1));
    this.#all(children);
  }
}
