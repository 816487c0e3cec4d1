import { css } from 'lit';

/** The base styles of every shadow root: text, links, tables and focus. `tokens.css` has the design tokens. */
export const shared = css`
  :host {
    display: block;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3 {
    margin: 0;
    font-weight: var(--wa-font-weight-heading);
    line-height: var(--wa-line-height-condensed);
    text-wrap: balance;
    overflow-wrap: anywhere;
  }
  h1 {
    font-size: var(--wa-font-size-xl);
    letter-spacing: -0.01em;
  }
  :is(h1, h2):focus {
    outline: none;
  }
  h2 {
    font-size: var(--wa-font-size-l);
  }
  h3 {
    font-size: var(--wa-font-size-m);
  }
  p {
    margin: 0;
    overflow-wrap: anywhere;
  }
  a {
    color: var(--wa-color-text-link);
    text-decoration: var(--wa-link-decoration-default);
  }
  a:hover,
  p a,
  registry-empty a {
    text-decoration: var(--wa-link-decoration-hover);
  }
  :focus-visible {
    outline: var(--wa-focus-ring);
    outline-offset: var(--wa-focus-ring-offset);
    border-radius: var(--wa-border-radius-s);
  }
  code,
  pre,
  kbd {
    font-family: var(--wa-font-family-code);
    font-size: 0.93em;
    font-variant-ligatures: none;
  }
  /* Text from other people must not change the writing direction of the text beside it. */
  a,
  code,
  strong,
  .name {
    unicode-bidi: isolate;
  }
  .hidden-character {
    padding-inline: 0.3em;
    border: 1px solid var(--wa-color-warning-border-loud);
    border-radius: var(--wa-border-radius-s);
    background: var(--wa-color-warning-fill-quiet);
    color: var(--wa-color-warning-on-quiet);
    font-family: var(--wa-font-family-code);
    font-size: 0.85em;
    font-style: normal;
    white-space: nowrap;
    unicode-bidi: isolate;
  }
  ul,
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  dl,
  dd {
    margin: 0;
  }
  table {
    border-collapse: collapse;
    inline-size: 100%;
  }
  th,
  td {
    padding: var(--wa-space-xs) var(--wa-space-s);
    border-block-end: 1px solid var(--wa-color-surface-border);
    text-align: start;
    vertical-align: top;
  }
  td {
    overflow-wrap: anywhere;
  }
  th {
    color: var(--wa-color-text-quiet);
    font-size: var(--wa-font-size-s);
    font-weight: var(--wa-font-weight-semibold);
    white-space: nowrap;
  }
  tbody tr:last-child > * {
    border-block-end: 0;
  }
  .icon {
    inline-size: 1.15em;
    block-size: 1.15em;
    flex: none;
    fill: currentcolor;
    vertical-align: -0.2em;
  }
  .quiet {
    color: var(--wa-color-text-quiet);
  }
  .small {
    font-size: var(--wa-font-size-s);
  }
  .card {
    border: 1px solid var(--wa-color-surface-border);
    border-radius: var(--wa-border-radius-l);
    background: var(--registry-card);
  }
  .clip {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--wa-space-xs);
  }
  .visually-hidden:not(:focus, :focus-within) {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (max-width: 44rem) {
    .clip {
      white-space: normal;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 1ms !important;
      /*
       * Even a duration of 1 ms is too long, because an inherited change then reaches nested elements one level after
       * another.
       */
      transition-duration: 0s !important;
    }
  }
`;
