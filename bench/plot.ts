/**
 * `node bench/plot.ts`: draws the figures of growth in bench/results.json as docs/pictures/growth.svg. Each line is one
 * row of the table. Both axes are logarithmic.
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { Figure } from './pairs.ts';

const WIDTH = 860;
const HEIGHT = 420;
const LEFT = 60;
/** The horizontal position where the lines end and their names begin. */
const RIGHT = 560;
const TOP = 20;
const BOTTOM = 370;
/** Colours that people with any colour vision can tell apart. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const GOAL = 1.5;

interface Line {
  what: string;
  points: { definitions: number; ratio: number }[];
}

/** Returns the plot as SVG. Every line of the plot starts with the value 1 at `few` definitions. */
export function growthPlot(lines: readonly Line[], few: number): string {
  const all = lines.flatMap(({ points }) => points);
  const most = Math.max(...all.map(({ definitions }) => definitions));
  const ratios = [0.5, 2, ...all.map(({ ratio }) => ratio)];
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  const part = (value: number, from: number, to: number) =>
    Math.log(value / from) / Math.log(to / from);
  const x = (definitions: number) => LEFT + (RIGHT - LEFT) * part(definitions, few, most);
  const y = (ratio: number) => BOTTOM - (BOTTOM - TOP) * part(ratio, low, high);
  const sizes = [few, ...new Set(all.map(({ definitions }) => definitions))];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...[0.5, 1, GOAL, 2].map((ratio) => {
      const dashes = ratio === GOAL ? ' stroke-dasharray="6 4"' : '';
      const label = ratio === GOAL ? `goal ${ratio}` : String(ratio);
      return (
        `<path d="M${LEFT} ${at(y(ratio))}H${RIGHT}" stroke="#bbb"${dashes}/>` +
        `<text x="${LEFT - 6}" y="${at(y(ratio) + 4)}" text-anchor="end">${label}</text>`
      );
    }),
    ...sizes.map(
      (size) =>
        `<text x="${at(x(size))}" y="${BOTTOM + 22}" text-anchor="middle">${size.toLocaleString('en')}</text>`,
    ),
    `<text x="${(LEFT + RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">definitions; how many times as long (or as much) as with ${few}</text>`,
    ...lines.map(({ what, points }, i) => {
      const places = points.map(
        ({ definitions, ratio }) => `${at(x(definitions))} ${at(y(ratio))}`,
      );
      const colour = COLOURS[i % COLOURS.length];
      const dashes = i < COLOURS.length ? '' : ' stroke-dasharray="3 3"';
      const row = TOP + 10 + i * 22;
      return (
        `<path d="M${at(x(few))} ${at(y(1))}L${places.join('L')}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>` +
        `<path d="M${RIGHT + 20} ${row}h24" stroke="${colour}" stroke-width="2"${dashes}/>` +
        `<text x="${RIGHT + 52}" y="${row + 4}">${what}</text>`
      );
    }),
    '</svg>\n',
  ].join('\n');
}

const at = (place: number): string => place.toFixed(1);

/** Converts the figures of growth to lines. */
export function linesOf(figures: readonly Figure[]): Line[] {
  const lines = new Map<string, Line>();
  for (const { growth, ratio } of figures) {
    if (!growth) continue;
    const line = lines.get(growth.what) ?? { what: growth.what, points: [] };
    line.points.push({ definitions: growth.definitions, ratio: ratio.median });
    lines.set(growth.what, line);
  }
  return [...lines.values()];
}

if (import.meta.main) {
  const results = new URL('./results.json', import.meta.url);
  const { figures } = JSON.parse(await readFile(results, 'utf8')) as { figures: Figure[] };
  const lines = linesOf(figures);
  if (lines.length === 0) throw new Error('bench/results.json has no figures of growth');
  const picture = new URL('../docs/pictures/growth.svg', import.meta.url);
  await writeFile(picture, growthPlot(lines, 100));
}
