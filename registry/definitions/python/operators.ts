/** Precedence of binary operators (language reference 6.17, "Operator precedence"). */

/** How tightly binary operators bind; `not` is 3, comparisons are 4. */
export const LEVELS: Record<string, number> = {
  or: 1,
  and: 2,
  ...Object.fromEntries(
    ['<', '>', '==', '>=', '<=', '!=', 'in', 'not', 'is'].map((sign) => [sign, 4]),
  ),
  '|': 5,
  '^': 6,
  '&': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  ...Object.fromEntries(['*', '@', '/', '%', '//'].map((sign) => [sign, 10])),
};
export const NOT = 3;
export const COMPARISON = 4;
export const BITWISE_OR = 5;
