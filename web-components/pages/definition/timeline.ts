import { css } from 'lit';

/** Styles for a timeline: a vertical line with a dot for each version. */
export const timeline = css`
  ol {
    display: grid;
    gap: var(--wa-space-s);
    position: relative;
    padding-inline-start: var(--wa-space-l);
  }
  ol::before {
    content: "";
    position: absolute;
    inset: var(--wa-space-m) auto var(--wa-space-m) 0.3rem;
    inline-size: 2px;
    background: var(--wa-color-surface-border);
  }
  li {
    position: relative;
  }
  li::before {
    content: "";
    position: absolute;
    inset: 1.15rem auto auto calc(-1 * var(--wa-space-l));
    inline-size: 0.75rem;
    block-size: 0.75rem;
    border: 2px solid var(--registry-canvas);
    border-radius: var(--wa-border-radius-circle);
    background: var(--wa-color-brand-fill-loud);
  }
  .deprecated::before {
    background: var(--wa-color-warning-fill-loud);
  }
  .revoked::before {
    background: var(--wa-color-danger-fill-loud);
  }
  article {
    display: grid;
    gap: var(--wa-space-xs);
    padding: var(--wa-space-s) var(--wa-space-m);
  }
  h2 {
    flex: 1 1 14rem;
    font-size: var(--wa-font-size-m);
  }
  .body {
    white-space: pre-wrap;
  }
  .record {
    gap: var(--wa-space-2xs) var(--wa-space-m);
    color: var(--wa-color-text-quiet);
  }
  .good {
    color: var(--wa-color-success-on-quiet);
  }
  .bad {
    color: var(--wa-color-danger-on-quiet);
  }
  .said {
    padding-inline-start: var(--wa-space-s);
    border-inline-start: 3px solid var(--wa-color-warning-border-normal);
  }
`;
