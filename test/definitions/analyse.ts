import { analyseClass } from '../../registry/definitions/analysis.ts';
import { parseModule } from '../../registry/definitions/syntax.ts';
import type { ClassInfo } from '../../registry/definitions/types.ts';

/**
 * The registry's analysis of a class in this text: of the class `name`, or without a name of the last instrument class.
 * Null if there is no such class.
 */
export function analyse(
  text: string,
  name?: string,
  siblings: ReadonlyMap<string, string> = new Map(),
): ClassInfo | null {
  const modules = new Map([...siblings].map(([path, source]) => [path, parseModule(source)]));
  return analyseClass(parseModule(text), name, modules)?.info ?? null;
}
