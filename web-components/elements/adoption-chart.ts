import '@awesome.me/webawesome/dist/components/details/details.js';
import { css, html, LitElement, svg } from 'lit';
import { shared } from '../styles/shared.ts';
import {
  changedDays,
  type Day,
  type Layer,
  layersOf,
  outline,
  SHOWN,
  totalOf,
} from './adoption.ts';

/**
 * A stacked area chart of the versions on the computers, day by day. A table shows the same data. The chart needs no
 * chart library: such libraries add at least 50 KB for axes, zoom and animation, and draw on a canvas that screen
 * readers cannot read.
 */
export class AdoptionChart extends LitElement {
  static override properties = { days: { attribute: false }, name: {} };
  static override styles = [
    shared,
    css`
      .chart {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--wa-space-2xs);
        font-size: var(--wa-font-size-s);
        font-variant-numeric: tabular-nums;
      }
      .scale {
        display: flex;
        flex-direction: column;
        justify-content: space-between;
        text-align: end;
      }
      .dates {
        display: flex;
        grid-column: 2;
        justify-content: space-between;
      }
      svg.areas {
        inline-size: 100%;
        block-size: 12rem;
        border-block: 1px solid var(--wa-color-surface-border);
      }
      polygon {
        stroke: var(--registry-card);
        stroke-width: 1;
        vector-effect: non-scaling-stroke;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: var(--wa-space-2xs) var(--wa-space-m);
        margin-block: var(--wa-space-s);
      }
      .legend li {
        display: flex;
        align-items: center;
        gap: var(--wa-space-2xs);
      }
      .legend svg {
        inline-size: 1em;
        block-size: 1em;
        border-radius: var(--wa-border-radius-s);
      }
      .series-0 { fill: var(--registry-series-1); }
      .series-1 { fill: var(--registry-series-2); }
      .series-2 { fill: var(--registry-series-3); }
      .series-3 { fill: var(--registry-series-4); }
      .series-4 { fill: var(--registry-series-5); }
      .series-5 { fill: var(--registry-series-6); }
      .table {
        overflow-x: auto;
      }
    `,
  ];

  /** The data of consecutive days, oldest first. */
  declare days: readonly Day[];
  /** The name of the definition. */
  declare name: string;

  override render() {
    const layers = layersOf(this.days);
    const most = Math.max(0, ...this.days.map(totalOf));
    const [first, last] = [this.days[0]?.date, this.days.at(-1)?.date];
    return html`<div class="chart">
        <div class="scale quiet" aria-hidden="true"><span>${most}</span><span>0</span></div>
        <svg
          class="areas"
          role="img"
          aria-label=${`Computers with each version of ${this.name}, ${first} to ${last}. The table below has the numbers.`}
          viewBox="0 0 ${this.days.length} 1"
          preserveAspectRatio="none"
        >
          ${layers.map((layer, index) => svg`<polygon class=${series(layers, index)} points=${outline(layer, most)} />`)}
        </svg>
        <div class="dates quiet" aria-hidden="true"><span>${first}</span><span>${last}</span></div>
      </div>
      <ul class="legend" aria-label="Versions, newest first">
        ${layers
          .map(
            ({ label, counts }, index) => html`<li>
              <svg viewBox="0 0 1 1" aria-hidden="true"><rect class=${series(layers, index)} width="1" height="1" /></svg>
              ${label}: ${counts.at(-1)}
            </li>`,
          )
          .reverse()}
      </ul>
      <wa-details summary="Show as table" appearance="outlined">${this.#table(layers)}</wa-details>`;
  }

  #table(layers: readonly Layer[]) {
    const newest = layers.toReversed();
    return html`<div class="table" tabindex="0" role="group" aria-label="Computers by day">
      <table class="small">
        <thead>
          <tr>
            <th scope="col">Day</th>
            ${newest.map(({ label }) => html`<th scope="col">${label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${changedDays(this.days).map((day) => {
            const index = this.days.indexOf(day);
            return html`<tr>
              <th scope="row">${day.date}</th>
              ${newest.map(({ counts }) => html`<td>${counts[index]}</td>`)}
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }
}

/** The number of the layer's colour. The newest version has the first colour. Old versions share the last colour. */
const series = (layers: readonly Layer[], index: number) =>
  `series-${Math.min(SHOWN, layers.length - 1 - index)}`;

customElements.define('adoption-chart', AdoptionChart);

declare global {
  interface HTMLElementTagNameMap {
    'adoption-chart': AdoptionChart;
  }
}
