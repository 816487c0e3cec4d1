/** The precedence of binary operators (language reference 6.17, "Operator precedence"). */

/** How tightly each binary operator binds. The unary `not` has level 3, comparisons have level 4. */
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
