import { css } from 'lit';

/** Styles for pages and cards with facts, and for their forms. */
export const sections = css`
  .page {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--wa-space-m);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--wa-space-xs);
  }
  .head > :is(wa-button, wa-dropdown, wa-radio-group):last-child {
    margin-inline-start: auto;
  }
  .body {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--wa-space-s);
    padding: var(--wa-space-m);
  }
  .head.body {
    display: flex;
  }
  .columns {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
    gap: var(--wa-space-m);
    align-items: start;
  }
  form,
  .fields {
    display: grid;
    gap: var(--wa-space-m);
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr));
    gap: var(--wa-space-m);
    align-items: start;
  }
  dl.facts {
    display: grid;
    grid-template-columns: minmax(7rem, max-content) minmax(0, 1fr);
    gap: var(--wa-space-2xs) var(--wa-space-m);
  }
  dl.facts dt {
    color: var(--wa-color-text-quiet);
  }
  dl.facts dd {
    overflow-wrap: anywhere;
  }
  .tags {
    display: flex;
    flex-wrap: wrap;
    gap: var(--wa-space-2xs) var(--wa-space-s);
  }
  .filters {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: var(--wa-space-s);
  }
  .filters > * {
    flex: 1 1 12rem;
    max-inline-size: 20.5rem;
    min-inline-size: 0;
  }
  fieldset {
    display: grid;
    gap: var(--wa-space-s);
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    padding: 0;
    font-weight: var(--wa-font-weight-semibold);
  }
`;
