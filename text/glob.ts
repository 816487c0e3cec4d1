/**
 * Patterns on paths, as gitignore(5) defines them: `*` and `?` match within a folder, `**` across folders. A
 * pattern without a slash matches at any depth, and a pattern that matches a folder matches everything in it.
 * Matching takes at most pattern length times path length, whatever an admin writes; `path.matchesGlob` took
 * minutes for `*a*a*a*a*a*b`.
 */
export function matchesPattern(path: string, pattern: string): boolean {
  return fits(segmentsOf(pattern), path.split('/'), isAnyDepth, matchesName);
}

function segmentsOf(pattern: string): string[] {
  const inside = pattern.endsWith('/') || pattern.endsWith('/**');
  const plain = pattern.replace(/^\//, '').replace(/\/$/, '').split('/');
  const anchored = pattern.startsWith('/') || plain.length > 1;
  return [...(anchored ? [] : ['**']), ...plain, '**', ...(inside ? ['*'] : [])];
}

const isAnyDepth = (segment: string): boolean => segment === '**';

const matchesName = (segment: string, name: string): boolean =>
  fits([...segment], [...name], isStar, isCharacter);

const isStar = (character: string): boolean => character === '*';
const isCharacter = (wanted: string, found: string): boolean => wanted === '?' || wanted === found;

/** On a mismatch, only the last wildcard takes one more item. Earlier wildcards need no second attempt. */
function fits(
  pattern: readonly string[],
  items: readonly string[],
  isWild: (part: string) => boolean,
  isOne: (part: string, item: string) => boolean,
): boolean {
  let at = 0;
  let wild = -1;
  let taken = 0;
  for (let i = 0; i < items.length; ) {
    const part = pattern[at];
    if (part !== undefined && isWild(part)) {
      wild = at;
      at += 1;
      taken = i;
    } else if (part !== undefined && isOne(part, items[i] as string)) {
      at += 1;
      i += 1;
    } else if (wild >= 0) {
      taken += 1;
      i = taken;
      at = wild + 1;
    } else return false;
  }
  return pattern.slice(at).every(isWild);
}
