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
const IMPORTED: Readonly<Record<string, RegExp>> = {
  TYPE_CHECKING: /\bfrom\s+typing(?:_extensions)?\s+import\s[^;#]*?\bTYPE_CHECKING\b/,
  version_info: /\bfrom\s+sys\s+import\s[^;#]*?\bversion_info\b/,
  'sys.version_info': /\bimport\s[^;#\n]*?\bsys\b/,
  __name__: /(?:)/,
};

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
  const imported = IMPORTED[name] ?? new RegExp(typing);
  const names = `(?:${name.split('.').join('|')})`;
  const rebound = new RegExp(
    `\\b${names}\\s*(?::[^=\\n]*)?=(?!=)|\\b${names}\\s*:=|["']${names}["']|\\bimport\\s*\\*|` +
      `\\b(?:as|for|def|class|global|del)\\s+${names}\\b|\\bimport\\b[^;#\\n]*\\b${names}\\b`,
  );
  return imported.test(text) && !rebound.test(text.replace(imported, ''));
}
