/** Follows statements in order, as Python would run them while it creates an instance. */

import { condition } from '../conditions.ts';
import { branchesOf } from '../flow.ts';
import { type Node, type Statement, textOf, walk } from '../syntax.ts';
import { binary } from './arithmetic.ts';
import { closure } from './closures.ts';
import type { Construction, StatementsOf } from './construction.ts';
import type { Frame } from './frames.ts';
import { NONE, sequence, spoil, UNKNOWN, type Value } from './values.ts';

export class Statements implements StatementsOf {
  readonly #construction: Construction;

  constructor(construction: Construction) {
    this.#construction = construction;
  }

  /**
   * Follows statements up to a `return`. After a `return` that may not have run, the other statements count as code
   * that may not run.
   */
  run(statements: readonly Statement[], frame: Frame): void {
    for (const [at, one] of statements.entries()) {
      if (frame.returned !== undefined && !frame.mayBeOver) return;
      if (frame.mayBeOver) {
        this.#construction.state.maybe(() => this.#runEach(statements.slice(at), frame));
        return;
      }
      this.#statement(one, frame);
    }
  }

  #runEach(statements: readonly Statement[], frame: Frame): void {
    for (const one of statements) this.#statement(one, frame);
  }

  #statement(one: Statement, frame: Frame): void {
    const { state } = this.#construction;
    if (!state.spend()) return;
    switch (one.kind) {
      case 'assign':
        this.#assign(one, frame);
        return;
      case 'update':
        this.#update(one.node, frame);
        return;
      case 'expression':
        this.#evaluate(one.node, frame);
        return;
      case 'function': {
        const isMethod = frame.kind === 'class' && one.decorators.length === 0 && state.isSure();
        if (frame.kind === 'function') closure(state, one.node, frame);
        frame.values.set(one.name, isMethod ? { kind: 'method', name: one.name } : UNKNOWN);
        return;
      }
      case 'class':
        if (frame.kind === 'function') closure(state, one.node, frame);
        frame.values.set(one.name, UNKNOWN);
        return;
      case 'import':
        for (const { bound } of one.names) frame.values.set(bound, UNKNOWN);
        return;
      case 'block':
        this.#block(one, frame);
        return;
      case 'other':
        this.#other(one.node, frame);
    }
  }

  /** Evaluates the expressions of a statement for their effects. */
  #evaluate(node: Node, frame: Frame): Value[] {
    const { expressions } = this.#construction;
    return node.children
      .filter((one) => one.children.length > 0)
      .map((one) => expressions.value(one, frame));
  }

  #other(node: Node, frame: Frame): void {
    const { state, targets } = this.#construction;
    switch (node.type) {
      case 'ReturnStatement':
        this.#return(node, frame);
        return;
      case 'DeleteStatement':
        for (const target of node.children.slice(1)) targets.delete(target, frame);
        return;
      case 'AssertStatement':
      case 'RaiseStatement':
        this.#evaluate(node, frame);
        return;
      case 'ScopeStatement':
        return;
      default:
        for (const value of this.#evaluate(node, frame)) state.escape(value);
    }
  }

  #return(node: Node, frame: Frame): void {
    const { expressions, state } = this.#construction;
    const [value = NONE, ...more] = node.children
      .slice(1)
      .filter(({ type }) => type !== ',')
      .map((one) => expressions.value(one, frame));
    if (more.length > 0) for (const one of [value, ...more]) state.escape(one);
    const result = more.length > 0 ? UNKNOWN : value;
    if (state.isSure()) frame.returned = result;
    else {
      state.escape(result);
      frame.mayBeOver = true;
    }
  }

  #assign(one: Statement & { kind: 'assign' }, frame: Frame): void {
    const { expressions, state, targets } = this.#construction;
    if (one.value === null) return;
    const hasStar = one.node.children.some(({ type }) => type === '*');
    const [first, ...more] = one.value;
    const isOne = first && more.length === 0 && !hasStar;
    const given = isOne
      ? expressions.value(first, frame)
      : sequence(
          'tuple',
          one.value.map((v) => expressions.value(v, frame)),
        );
    if (hasStar) state.escape(given);
    for (const group of one.targets) {
      if (group.length === 1 && group[0] && !(hasStar && !isOne))
        targets.store(group[0], given, frame);
      else targets.unpack(group, hasStar ? UNKNOWN : given, frame);
    }
  }

  #update(node: Node, frame: Frame): void {
    const { expressions, state, targets } = this.#construction;
    const [target, sign, operand] = node.children;
    if (!target || !sign) return;
    const before = expressions.value(target, frame);
    const value =
      operand && node.children.length === 3 ? expressions.value(operand, frame) : UNKNOWN;
    const operator = textOf(sign, frame.text).slice(0, -1);
    if (before.kind === 'list') {
      const isPlain =
        operator === '+' && (value.kind === 'list' || value.kind === 'tuple') && !value.spoiled;
      // `+=` changes the list itself, so all names that refer to the list see the change.
      if (isPlain && state.isSure() && !before.spoiled) before.items.push(...value.items);
      else spoil(before);
      if (target.type === 'MemberExpression' || target.type === 'VariableName')
        targets.store(target, before, frame);
      return;
    }
    if (before.kind === 'dict' || before.kind === 'array') {
      spoil(before);
      spoil(value);
      targets.store(target, UNKNOWN, frame);
      return;
    }
    targets.store(target, binary(operator, before, value), frame);
  }

  #block(one: Statement & { kind: 'block' }, frame: Frame): void {
    const { state } = this.#construction;
    for (const branch of branchesOf(one)) {
      const runs = branch.keyword === 'if' ? condition(branch.head, frame.text) : undefined;
      if (runs === false) continue;
      if (runs === true) {
        this.run(branch.body, frame);
        return;
      }
      state.maybe(() => {
        this.#head(branch.keyword, branch.head, frame);
        this.#runEach(branch.body, frame);
      });
    }
    if (one.node.type === 'MatchStatement') state.maybe(() => this.#match(one.node, frame));
  }

  /** Evaluates the code between the keyword of a branch and its colon. */
  #head(keyword: string, head: readonly Node[], frame: Frame): void {
    const { expressions, state, targets } = this.#construction;
    for (const [i, node] of head.entries()) {
      const isLoopTarget = keyword === 'for' && !head.slice(0, i).some(({ type }) => type === 'in');
      if (head[i - 1]?.type === 'as' || isLoopTarget) targets.store(node, UNKNOWN, frame);
      else if (node.children.length > 0 || node.type === 'VariableName') {
        const value = expressions.value(node, frame);
        // The body of a loop gets the items of the iterable, and a context manager may keep its object. A condition
        // only reads.
        if (keyword === 'for' || keyword === 'with') state.escape(value);
      }
    }
  }

  /** Evaluates the subject of `match` and binds the names in its cases. */
  #match(statement: Node, frame: Frame): void {
    const { expressions, state, targets } = this.#construction;
    for (const node of statement.children)
      if (node.type !== 'MatchBody' && (node.children.length > 0 || node.type === 'VariableName'))
        state.escape(expressions.value(node, frame));
    walk(statement, (inner) => {
      if (inner.type === 'CapturePattern' || inner.type === 'AsPattern')
        for (const name of inner.children)
          if (name.type === 'VariableName') targets.store(name, UNKNOWN, frame);
      return inner.type !== 'Body';
    });
  }
}
