/** Parses Python source into a small typed tree, as CPython parses it. Nothing is run. */

import { LRUCache } from 'lru-cache';
import { DefinitionError } from './errors.ts';
import { checkLimits } from './limits.ts';
import { MAX_DEPTH, TooDeep } from './python/cursor.ts';
import type { Fault, Feature } from './python/faults.ts';
import type { Node } from './python/node.ts';
import { parse } from './python/parser.ts';
import { type Statement, statementsOf } from './python/statements.ts';
import { positions } from './source.ts';

export {
  argumentsOf,
  dottedName,
  groups,
} from './python/arguments.ts';
export { child, type Node, nameOf, textOf, walk } from './python/node.ts';
export * from './python/statements.ts';

export interface Module {
  readonly text: string;
  readonly root: Node;
  readonly statements: readonly Statement[];
  /** Where CPython's tokenizer or parser would stop; null if both accept the text. */
  readonly fault: Fault | null;
  /** The syntax in the text that older versions of Python do not support. */
  readonly features: readonly Feature[];
}

/**
 * Recently parsed modules. Modules never change, so validating, describing and extracting a text share one module.
 * Eight modules are enough for a definition with helpers. Eight modules of 32 KB take about 20 MB in the worst case,
 * when every letter is a token.
 */
const parsed = new LRUCache<string, Module>({
  max: 8,
  maxSize: 8 * 32_768,
  maxEntrySize: 32_768,
  sizeCalculation: (_, text) => text.length + 1,
  memoMethod: readModule,
});

/**
 * Parses Python source. A text that is not valid Python also gives a tree; each statement that cannot be read is a `⚠`.
 * @throws DefinitionError `too_deep` if the text exceeds the limits or is nested deeper than CPython can compile
 */
export function parseModule(text: string): Module {
  return parsed.memo(text);
}

function readModule(text: string): Module {
  checkLimits(text);
  try {
    const { root, fault, features } = parse(text);
    return { text, root, fault, features, statements: statementsOf(root, text) };
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    const span = positions(text).span(error.offset, error.offset + 1);
    const message = `Nested more than ${MAX_DEPTH} levels deep`;
    throw new DefinitionError('too_deep', [{ ...span, code: 'too-deep', message }]);
  }
}
