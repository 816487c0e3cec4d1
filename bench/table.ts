import type { Figure } from './pairs.ts';

const HEAD = ['measured', 'floor', 'p50', 'p99', 'floor p50', 'floor p99', 'ratio', 'goal'];

/**
 * The figures as a Markdown table. The ratio is the median of the pairs' ratios, with minimum and maximum.
 */
export function table(figures: readonly Figure[]): string {
  const rows = [HEAD, HEAD.map(() => '---'), ...figures.map(row)];
  const widths = HEAD.map((_, i) => Math.max(...rows.map((cells) => cells[i]?.length ?? 0)));
  return rows
    .map((cells) => {
      const padded = cells.map((cell, i) =>
        cell === '---' ? '-'.repeat(widths[i] ?? 3) : cell.padEnd(widths[i] ?? 0),
      );
      return `| ${padded.join(' | ')} |`;
    })
    .join('\n');
}

function row({ name, floor, unit, of, p50, p99, ratio, goal }: Figure): string[] {
  const shown = (value: number) =>
    of === undefined ? `${digits(value)} ${unit}` : `${digits((of / value) * 1000)}/s`;
  const times = (value: number) => value.toFixed(2);
  return [
    name,
    floor,
    ...[p50.ours, p99.ours, p50.floor, p99.floor].map(shown),
    `${times(ratio.median)} (${times(ratio.min)}–${times(ratio.max)})`,
    goal === undefined ? '' : `≤ ${goal}${ratio.median > goal ? ', missed' : ''}`,
  ];
}

/** Three significant digits, without exponent. */
const digits = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
