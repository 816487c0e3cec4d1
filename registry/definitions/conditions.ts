/** Finds the branches of an `if` that run on every lab computer, and those that run on none. */

import { LRUCache } from 'lru-cache';
import type { Node } from './syntax.ts';

/** The oldest Python version that runs definitions. */
const OLDEST = [3, 11] as const;

/** Whether a branch runs; undefined if that depends on the machine. */
export function condition(head: readonly Node[], text: string): boolean | undefined {
  const [test] = head;
  if (!test) return undefined;
  const written = text.slice(test.from, head.at(-1)?.to).replace(/[\s()]/g, '');
  if (/^(?:False|0|None)$/.test(written)) return false;
  if (/^(?:True|1)$/.test(written)) return true;
  const [, not, root = ''] = /^(not)?((?:\w+\.)?TYPE_CHECKING)$/.exec(written) ?? [];
  if (root && isAsImported(root, text)) return not !== undefined;
  if (/^__name__==(["'])__main__\1$/.test(written) && isAsImported('__name__', text)) return false;
  const [, version = '', sign, minor] =
    /^((?:sys\.)?version_info)(>=|<)3,(\d+),?$/.exec(written) ?? [];
  if (sign === undefined || Number(minor) > OLDEST[1] || !isAsImported(version, text))
    return undefined;
  return sign === '>=';
}

/** The imports after which a name in a condition can be trusted. `__name__` needs no import. */
const IMPORTED: Readonly<Record<string, Spread>> = {
  TYPE_CHECKING: {
    start: /\bfrom\s+typing(?:_extensions)?\s+import\s/g,
    inner: /[^;#]*/y,
    end: /\bTYPE_CHECKING\b/,
  },
  version_info: { start: /\bfrom\s+sys\s+import\s/g, inner: /[^;#]*/y, end: /\bversion_info\b/ },
  'sys.version_info': { start: /\bimport\s/g, inner: /[^;#\n]*/y, end: /\bsys\b/ },
};

/** Matches text from `start` to the first `end` after it, within what `inner` matches. */
interface Spread {
  start: RegExp;
  inner: RegExp;
  end: RegExp;
}

/** The first place of such a text. As one regular expression, it would look at the same text once for every `start`. */
function findSpread({ start, inner, end }: Spread, text: string) {
  start.lastIndex = 0;
  let searched = 0;
  for (let first = start.exec(text); first !== null; first = start.exec(text)) {
    // The `end` that was missing after an earlier `start` is missing here too.
    if (start.lastIndex < searched) continue;
    inner.lastIndex = start.lastIndex;
    const between = inner.exec(text)?.[0] ?? '';
    const last = end.exec(between);
    if (last) return { from: first.index, to: start.lastIndex + last.index + last[0].length };
    searched = start.lastIndex + between.length;
  }
  return undefined;
}

/**
 * The answers for the last text. One text is enough, because callers ask many times about one module before they go on
 * to the next.
 */
const trusted = new LRUCache<string, Map<string, boolean>>({ max: 1, memoMethod: () => new Map() });

/** Whether a name certainly has its imported value: nothing else in the text assigns to it or to its module. */
function isAsImported(name: string, text: string): boolean {
  const known = trusted.memo(text);
  const answer = known.get(name) ?? surelyImported(name, text.normalize('NFKC'));
  known.set(name, answer);
  return answer;
}

function surelyImported(name: string, text: string): boolean {
  const [root = ''] = name.split('.');
  const typing = `\\bimport\\s+typing(?:_extensions)?${root === 'typing' ? '' : `\\s+as\\s+${root}`}\\b`;
  const whole = { start: new RegExp(typing, 'g'), inner: /(?:)/y, end: /(?:)/ };
  const imported = IMPORTED[name] ?? whole;
  const found = name === '__name__' ? { from: 0, to: 0 } : findSpread(imported, text);
  return found !== undefined && !isRebound(name, text.slice(0, found.from) + text.slice(found.to));
}

function isRebound(name: string, text: string): boolean {
  const names = `(?:${name.split('.').join('|')})`;
  const bound = new RegExp(
    `\\b${names}\\s*(?::=|=(?!=))|["']${names}["']|\\bimport\\s*\\*|` +
      `\\b(?:as|for|def|class|global|del)\\s+${names}\\b`,
  );
  if (bound.test(text)) return true;
  const end = new RegExp(`\\b${names}\\b`);
  if (findSpread({ start: /\bimport\b/g, inner: /[^;#\n]*/y, end }, text)) return true;
  const annotated = { start: new RegExp(`\\b${names}\\s*:`, 'g'), inner: /[^=\n]*(?:=(?!=))?/y };
  return findSpread({ ...annotated, end: /=$/ }, text) !== undefined;
}
