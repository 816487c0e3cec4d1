/** Finds the constructor parameters of a definition's class without running the code. */
import { type Analysis, analyseClass } from './analysis.ts';
import type { ClassAt } from './classes.ts';
import { DefinitionError } from './errors.ts';
import { readSources, siblingsOf } from './files.ts';
import type { Place } from './interface/change.ts';
import type { Parameter, ParameterKind, Signature } from './interface/parameters.ts';
import { CONSTRUCTORS } from './pybirch.ts';
import { positions } from './source.ts';
import {
  child,
  type FunctionStatement,
  type Node,
  nameOf,
  parseModule,
  type Statement,
} from './syntax.ts';
import type { Files } from './types.ts';

/**
 * The parameters of the nearest constructor, in these files or in PyBirch. Returns null if the parameters are unknown:
 * the class or the constructor has a decorator or depends on a condition, a base is outside the files, or code is
 * unreadable.
 */
export function signatureOf(name: string, files: Files): Signature | null {
  const main = `${name}.py`;
  const { texts } = readSources(files);
  try {
    const module = parseModule(texts.get(main) ?? '');
    const siblings = new Map(
      [...siblingsOf(main, texts)].map(([path, source]) => [path, parseModule(source)]),
    );
    const analysis = analyseClass(module, name, siblings);
    return analysis && constructorOf(analysis);
  } catch (error) {
    if (error instanceof DefinitionError) return null;
    throw error;
  }
}

function constructorOf({ ancestry }: Analysis): Signature | null {
  for (const found of ancestry.classes) {
    const own = found.module.fault ? null : constructorIn(found);
    if (own === null) return null;
    if (own) return read(own, found);
  }
  const [base] = ancestry.outside;
  const known = base === undefined ? undefined : CONSTRUCTORS.get(base);
  if (known === undefined) return null;
  return { parameters: known.map((one) => ({ ...one, kind: 'either', at: null })), at: null };
}

/**
 * The constructor that the class itself defines. Returns undefined if the class defines none, null if it is unknown
 * which constructor applies.
 */
function constructorIn({ statement, module }: ClassAt): FunctionStatement | null | undefined {
  const { text } = module;
  const [last, ...more] = constructorsAmong(statement.body, text).toReversed();
  if (last === undefined) return statement.decorators.length > 0 ? null : undefined;
  const plain = [last, ...more].every((one) => statement.body.includes(one));
  return plain && last.kind === 'function' && last.decorators.length === 0 ? last : null;
}

/** The statements that bind the name `__init__`, including those inside an `if` or another block. */
function constructorsAmong(body: readonly Statement[], text: string): Statement[] {
  return body.flatMap((one) => {
    if (one.kind === 'block') return one.bodies.flatMap((inner) => constructorsAmong(inner, text));
    const names =
      one.kind === 'function'
        ? [one.name]
        : one.kind === 'assign'
          ? one.targets.flat().map((target) => nameOf(target, text))
          : [];
    return names.includes('__init__') ? [one] : [];
  });
}

/** Reads the parameters of a constructor; null if it has no parameter for `self`. */
function read({ node }: FunctionStatement, { module, path: file }: ClassAt): Signature | null {
  const { text } = module;
  const list = child(node, 'ParamList');
  if (!list) return null;
  const place = positions(text);
  const placeOf = (offset: number): Place => ({ file, ...place.at(offset) });
  const parameters: Parameter[] = [];
  let kind: ParameterKind = 'either';
  let from = list.from + 1;
  for (const group of groupsWithEnds(list.children)) {
    const [first, second] = group.nodes;
    if (!first) {
      // The syntax tree has no node for the slash.
      if (text.slice(from, group.end).trim() === '/') {
        for (const one of parameters) one.kind = 'positional';
      }
    } else if (first.type === '*' || first.type === '**') {
      if (second) {
        const rest = first.type === '*' ? 'more' : 'more_named';
        parameters.push({
          name: nameOf(second, text),
          kind: rest,
          required: false,
          at: placeOf(first.from),
        });
      }
      kind = 'named';
    } else {
      const required = !group.nodes.some(({ type }) => type === 'AssignOp');
      parameters.push({ name: nameOf(first, text), kind, required, at: placeOf(first.from) });
    }
    from = group.end + 1;
  }
  const self = parameters.shift();
  const isPlain = self && (self.kind === 'positional' || self.kind === 'either');
  return isPlain ? { parameters, at: placeOf(node.from) } : null;
}

/** Splits a bracketed list at its commas. Each group comes with the offset of the comma or bracket that ends it. */
function* groupsWithEnds(children: readonly Node[]): Generator<{ nodes: Node[]; end: number }> {
  let nodes: Node[] = [];
  for (const node of children) {
    if (node.type === '(') continue;
    if (node.type === ',' || node.type === ')') {
      yield { nodes, end: node.from };
      nodes = [];
    } else nodes.push(node);
  }
}
