/** Of whom one must approve: owners by file, category or maker. */
import { matchesPattern } from '../glob.ts';
import type { OwnerRule, ReviewFacts, ReviewPolicy } from './facts.ts';

export type Touching = Pick<ReviewFacts, 'paths' | 'base' | 'proposed'>;

/** Looked at on both sides, so that a change cannot leave its owners behind. */
export function touchedRules(
  { paths, base, proposed }: Touching,
  { owners }: ReviewPolicy,
): OwnerRule[] {
  const sides = [base, proposed].filter((side) => side !== null);
  return owners.filter(({ pattern, category, manufacturer }) => {
    const things = sides.some(
      (side) =>
        (category === undefined || same(side.category, category)) &&
        (manufacturer === undefined || same(side.manufacturer, manufacturer)),
    );
    const files = pattern === undefined || paths.some((path) => matchesPattern(path, pattern));
    return files && (things || (category === undefined && manufacturer === undefined));
  });
}

/** Whether something that is touched belongs to this account. */
export const owns = (id: number, facts: Touching, policy: ReviewPolicy): boolean =>
  touchedRules(facts, policy).some(({ users }) => users.includes(id));

const same = (a: string | null, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

export function nameOf({ pattern, category, manufacturer }: OwnerRule): string {
  return [pattern, category && `category ${category}`, manufacturer && `maker ${manufacturer}`]
    .filter(Boolean)
    .join(', ');
}
