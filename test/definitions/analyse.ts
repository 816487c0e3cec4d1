import { analyseClass } from '../../registry/definitions/analysis.ts';
import { parseModule } from '../../registry/definitions/syntax.ts';
import type { ClassInfo } from '../../registry/definitions/types.ts';

/**
 * The registry's analysis of the class `name`, or of the last instrument class, in this text; null if there
 * is none.
 */
export function analyse(
  text: string,
  name?: string,
  siblings: ReadonlyMap<string, string> = new Map(),
): ClassInfo | null {
  const modules = new Map([...siblings].map(([path, source]) => [path, parseModule(source)]));
  return analyseClass(parseModule(text), name, modules)?.info ?? null;
}
