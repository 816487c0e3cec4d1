import { css } from 'lit';

/** Bar at the top, navigation at the side. On narrow screens the bar opens the navigation. */
export const layout = css`
  :host {
    display: grid;
    grid-template: "bar bar" auto "nav main" 1fr / var(--registry-nav-width) minmax(0, 1fr);
    min-block-size: 100vh;
    min-block-size: 100dvh;
  }
  header {
    grid-area: bar;
    position: sticky;
    inset-block-start: 0;
    z-index: 2;
  }
  nav {
    grid-area: nav;
    position: sticky;
    inset-block-start: var(--registry-bar-height);
    align-self: start;
    block-size: calc(100dvh - var(--registry-bar-height));
    padding: var(--wa-space-m) var(--wa-space-s);
    border-inline-end: 1px solid var(--wa-color-surface-border);
    overflow-y: auto;
  }
  nav ul {
    display: grid;
    gap: var(--wa-space-3xs);
  }
  nav a {
    display: flex;
    align-items: center;
    gap: var(--wa-space-s);
    padding: var(--wa-space-xs) var(--wa-space-s);
    border-radius: var(--wa-border-radius-m);
    color: var(--wa-color-text-normal);
  }
  nav a .icon {
    color: var(--wa-color-text-quiet);
  }
  nav a:hover {
    background: var(--registry-hover);
    text-decoration: none;
  }
  nav a[aria-current] {
    background: var(--wa-color-brand-fill-quiet);
    color: var(--wa-color-brand-on-quiet);
    font-weight: var(--wa-font-weight-semibold);
  }
  nav a[aria-current] .icon {
    color: inherit;
  }
  main {
    grid-area: main;
    inline-size: 100%;
    max-inline-size: var(--registry-page-width);
    margin-inline: auto;
    padding: var(--wa-space-l) var(--wa-space-xl) var(--wa-space-3xl);
  }
  main:focus {
    outline: none;
  }
  main > registry-problem {
    margin-block-end: var(--wa-space-m);
  }
  .skip {
    position: absolute;
    inset: var(--wa-space-xs) auto auto var(--wa-space-xs);
    z-index: 3;
    padding: var(--wa-space-xs) var(--wa-space-s);
    border-radius: var(--wa-border-radius-m);
    background: var(--registry-card);
  }
  .skip:not(:focus) {
    clip-path: inset(50%);
  }
  @media (max-width: 56rem) {
    :host {
      grid-template: "bar" auto "nav" auto "main" 1fr / minmax(0, 1fr);
    }
    nav {
      display: none;
      position: static;
      block-size: auto;
      border-block-end: 1px solid var(--wa-color-surface-border);
      border-inline-end: 0;
      background: var(--registry-card);
    }
    nav[data-open] {
      display: block;
    }
    main {
      padding: var(--wa-space-m) var(--wa-space-m) var(--wa-space-2xl);
    }
  }
`;
