/** The number of items of a list, in words. */

export interface Counted {
  total: number;
  /** True if the list has more than `total` items. */
  total_at_least?: true;
}

/** The total as text: “12”, or “more than 10,000”. */
export const totalOf = ({ total, total_at_least }: Counted): string =>
  `${total_at_least ? 'more than ' : ''}${total.toLocaleString()}`;

/** “1 definition”, “12 definitions”, or “More than 10,000 definitions”. */
export function countOf(counted: Counted, one: string, many: string): string {
  const count = `${totalOf(counted)} ${counted.total === 1 ? one : many}`;
  return count.charAt(0).toUpperCase() + count.slice(1);
}
