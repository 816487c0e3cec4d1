import { css } from 'lit';

export const diffFileStyles = css`
  :host {
    overflow: clip;
    scroll-margin-block-start: calc(var(--registry-bar-height) + var(--wa-space-s));
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--wa-space-xs);
    padding: var(--wa-space-xs) var(--wa-space-s);
    border-block-end: 1px solid var(--wa-color-surface-border);
  }
  h2 {
    font: inherit;
    font-family: var(--wa-font-family-code);
    font-weight: var(--wa-font-weight-semibold);
  }
  h2:focus {
    outline: none;
  }
  header .counts {
    margin-inline-start: auto;
    font-variant-numeric: tabular-nums;
  }
  .folded {
    padding: var(--wa-space-m);
    text-align: center;
  }
  .lines {
    overflow-x: auto;
    font-family: var(--wa-font-family-code);
    font-size: 0.93em;
    font-variant-ligatures: none;
    line-height: 1.55;
    tab-size: 4;
  }
  .hunk {
    inline-size: max-content;
    min-inline-size: 100%;
  }
  .hunk.long {
    content-visibility: auto;
    contain-intrinsic-block-size: auto 5000px;
  }
  .hunk > .header {
    padding-inline: var(--wa-space-s);
    background: var(--registry-hover);
    color: var(--wa-color-text-quiet);
  }
  .hunk.halves {
    inline-size: 100%;
  }
  .split {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
  }
  .split .text {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .line {
    display: flex;
    min-block-size: 1.55em;
    text-decoration: none;
  }
  ins.line {
    background: var(--registry-code-added);
  }
  del.line {
    background: var(--registry-code-removed);
  }
  .line.nothing {
    background: var(--registry-canvas);
  }
  .number {
    flex: none;
    inline-size: 3.5em;
    padding: 0 0.75em 0 0;
    border: 0;
    background: none;
    color: var(--wa-color-text-quiet);
    font: inherit;
    text-align: end;
    user-select: none;
  }
  button.number {
    cursor: pointer;
  }
  button.number:hover,
  button.number:focus-visible {
    background: var(--wa-color-brand-fill-loud);
    color: var(--wa-color-brand-on-loud);
  }
  .sign {
    flex: none;
    inline-size: 1.2em;
    user-select: none;
  }
  .text {
    white-space: pre;
    padding-inline-end: var(--wa-space-m);
  }
  ins mark {
    background: var(--registry-code-added-word);
    color: inherit;
  }
  del mark {
    background: var(--registry-code-removed-word);
    color: inherit;
  }
  .below {
    grid-column: 1 / -1;
    position: sticky;
    inset-inline-start: 0;
    max-inline-size: min(60rem, 100cqi);
    font-family: var(--wa-font-family-body);
    font-size: var(--wa-font-size-m);
    line-height: var(--wa-line-height-normal);
  }
  .box {
    container-type: inline-size;
  }
`;
