/** Finds the owner rules that a change matches. For each such rule, one of its owners must approve the change. */
import { drawnPlainly } from '../../../text/alike.ts';
import { matchesPattern } from '../../../text/glob.ts';
import type { OwnerRule, ReviewFacts, ReviewPolicy } from './facts.ts';
import { isSameText } from './same-text.ts';

export type Touching = Pick<ReviewFacts, 'paths' | 'base' | 'proposed'>;

/** A rule that applies to a change, and the reason as text. */
export interface AppliedRule {
  rule: OwnerRule;
  why: string;
}

/**
 * The owner rules that apply to a change. Category and manufacturer are compared before and after the change, so that a
 * change of category cannot avoid the owners of the old category.
 */
export function appliedRules(
  { paths, base, proposed }: Touching,
  { owners }: ReviewPolicy,
): AppliedRule[] {
  const sides = [
    { side: base, is: 'is' },
    { side: proposed, is: 'becomes' },
  ];
  return owners.flatMap((rule) => {
    const { pattern, category, manufacturer } = rule;
    const path = paths.find((one) => pattern !== undefined && fits(one, pattern));
    if (pattern !== undefined && path === undefined) return [];
    const reasons = path === undefined ? [] : [`it changes ${path}`];
    if (category !== undefined || manufacturer !== undefined) {
      const found = sides.find(
        ({ side }) =>
          side !== null &&
          (category === undefined || isSameText(side.category ?? '', category)) &&
          (manufacturer === undefined || isSameText(side.manufacturer ?? '', manufacturer)),
      );
      if (!found?.side) return [];
      if (category !== undefined) reasons.push(`its category ${found.is} ${found.side.category}`);
      if (manufacturer !== undefined)
        reasons.push(`its manufacturer ${found.is} ${found.side.manufacturer}`);
    }
    return [{ rule, why: reasons.join(', ') }];
  });
}

/**
 * Whether a path matches a pattern. Different spellings count as equal: upper and lower case, an umlaut as one or two
 * characters, and letters that look alike.
 */
const fits = (path: string, pattern: string): boolean =>
  SPELLINGS.some((plain) => matchesPattern(plain(path), plain(pattern)));

/** Converts to lower, upper and again to lower case. Fewer conversions would not make ẞ, ß and ss equal. */
const inOneCase = (text: string): string =>
  text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
const SPELLINGS = [inOneCase, (text: string) => inOneCase(drawnPlainly(text))];

/** Whether an account is an owner in a rule that applies to the change. */
export const owns = (id: number, facts: Touching, policy: ReviewPolicy): boolean =>
  appliedRules(facts, policy).some(({ rule }) => rule.users.includes(id));

export function nameOf({ pattern, category, manufacturer }: OwnerRule): string {
  return [
    pattern,
    category && `category ${category}`,
    manufacturer && `manufacturer ${manufacturer}`,
  ]
    .filter(Boolean)
    .join(', ');
}
