/** Recognises classes whose creation, or whose creation of instances, cannot be followed. */

import { definitionOf } from '../classes.ts';
import { BASE_CLASSES } from '../pybirch.ts';
import { child, nameOf, textOf } from '../syntax.ts';
import { ODD } from './code.ts';
import type { Construction } from './construction.ts';

/**
 * Whether creating the class or its instances cannot be followed. Call this function after the class bodies have run.
 */
export function isOdd({ classes, line, facts, state }: Construction): boolean {
  if (facts.wild) return true;
  const bases = line.filter((one) => one.kind === 'pybirch' && BASE_CLASSES.get(one.name));
  if (bases.length > 1) return true;
  const first = line.findIndex((one) => one.kind === 'pybirch');
  for (const [at, one] of line.entries()) {
    if (one.kind !== 'class') continue;
    const { statement, module } = one.at;
    const { name, decorators } = statement;
    if (decorators.some((d) => !/^@\s*(?:typing\.)?final$/.test(textOf(d, module.text))))
      return true;
    if (facts.handed.has(name) || facts.rebound.has(name)) return true;
    const list = child(definitionOf(statement), 'ArgList');
    const keyword = list?.children.find((k, i) => list.children[i + 1]?.type === 'AssignOp' && k);
    if (keyword) {
      const value = list?.children[keyword.index + 2];
      const isPlain = nameOf(keyword, module.text) === 'metaclass' && value;
      if (!isPlain || !/(?:^|\.)ABCMeta$/.test(textOf(value, module.text))) return true;
    }
    const body = state.bodies.get(one);
    for (const odd of ODD) if (body?.has(odd)) return true;
    // The constructor of PyBirch would call the constructor of this class, so the order of the calls differs.
    if (
      first >= 0 &&
      at > first &&
      classes.ancestry(one.at).outside.some((b) => BASE_CLASSES.has(b))
    )
      return true;
  }
  return ['__init__', '__setattr__', '_define_settings'].some((name) => facts.rebound.has(name));
}
