import type { Figure, Load } from './pairs.ts';

const HEAD = ['measured', 'floor', 'p50', 'p99', 'floor p50', 'floor p99', 'ratio', 'goal'];
const LOAD_HEAD = [
  'load',
  'beside',
  'rate',
  'p50',
  'p99',
  'CPU each',
  'longest stall (of an idle Node)',
  'rate beside',
  'CPU beside',
  'times as fast',
  'goal',
];

/**
 * Formats the figures as Markdown tables. The figures of load and of growth have their own tables. The ratio is the
 * median of the pairs' ratios, with minimum and maximum.
 */
export function table(figures: readonly Figure[]): string {
  const under = figures.filter(({ load }) => load !== undefined);
  const grown = figures.filter(({ growth }) => growth !== undefined);
  const alone = figures.filter((one) => !under.includes(one) && !grown.includes(one));
  return [
    ...(alone.length > 0 ? [aligned(HEAD, alone.map(row))] : []),
    ...(under.length > 0
      ? [
          aligned(
            LOAD_HEAD,
            under.map((one) => loadRow(one, one.load as Load)),
          ),
        ]
      : []),
    ...(grown.length > 0 ? [growthTable(grown)] : []),
  ].join('\n\n');
}

/**
 * Formats the figures of growth. Each number of definitions has a column: how many times as long a row takes as with
 * few definitions.
 */
function growthTable(figures: readonly Figure[]): string {
  const sizes = [...new Set(figures.map(({ growth }) => growth?.definitions ?? 0))];
  const rows = Map.groupBy(figures, ({ growth }) => growth?.what ?? '');
  const body = [...rows].map(([what, ofRow]) => {
    const at = (size: number) => ofRow.find(({ growth }) => growth?.definitions === size);
    const cells = sizes.map(at).map((one) => (one ? grownCell(one) : ''));
    return [what, ofRow[0]?.floor ?? '', ...cells];
  });
  const head = [
    'growth',
    'beside',
    ...sizes.map((size) => `${size.toLocaleString('en')} definitions`),
  ];
  return aligned(head, body);
}

function grownCell({ p50, unit, of, ratio, goal }: Figure): string {
  const isMissed = goal !== undefined && ratio.median > goal;
  return `${spread(ratio)}, ${shown(p50.ours, unit, of)}${isMissed ? ', missed' : ''}`;
}

const shown = (value: number, unit: string, of: number | undefined): string =>
  of === undefined ? `${digits(value)} ${unit}` : `${digits((of / value) * 1000)}/s`;

function aligned(head: string[], body: string[][]): string {
  const rows = [head, head.map(() => '---'), ...body];
  const widths = head.map((_, i) => Math.max(...rows.map((cells) => cells[i]?.length ?? 0)));
  return rows
    .map((cells) => {
      const padded = cells.map((cell, i) =>
        cell === '---' ? '-'.repeat(widths[i] ?? 3) : cell.padEnd(widths[i] ?? 0),
      );
      return `| ${padded.join(' | ')} |`;
    })
    .join('\n');
}

function row(figure: Figure): string[] {
  const { name, floor, unit, of, p50, p99, ratio, goal, limit } = figure;
  return [
    name,
    floor,
    ...[p50.ours, p99.ours, p50.floor, p99.floor].map((value) => shown(value, unit, of)),
    spread(ratio),
    goal === undefined ? atMost(p50.ours, limit, ` ${unit}`) : atMost(ratio.median, goal),
  ];
}

function loadRow({ name, floor, p50, p99, ratio, atLeast }: Figure, load: Load): string[] {
  const { perSecond, cpu, stall } = load;
  const ms = (value: number) => `${digits(value)} ms`;
  const cost = (value: number) => (value === 0 ? '' : ms(value));
  return [
    name,
    floor,
    `${digits(perSecond.ours)}/s`,
    ms(p50.ours),
    ms(p99.ours),
    cost(cpu.ours),
    `${ms(stall.ours)} (${ms(stall.floor)})${stall.ours > Math.max(STALL, 2 * stall.floor) ? ', missed' : ''}`,
    `${digits(perSecond.floor)}/s`,
    cost(cpu.floor),
    spread(ratio),
    atLeast === undefined ? '' : `≥ ${atLeast}${ratio.median < atLeast ? ', missed' : ''}`,
  ];
}

function atMost(value: number, limit: number | undefined, unit = ''): string {
  if (limit === undefined) return '';
  return `≤ ${limit}${unit}${value > limit ? ', missed' : ''}`;
}

/**
 * The upper limit of a stall in milliseconds. The limit applies if the stalls of the idle Node are at most half as
 * long.
 */
const STALL = 20;

const spread = ({ median, min, max }: Figure['ratio']): string =>
  `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;

/** Formats a number with three significant digits and no exponent. */
const digits = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
