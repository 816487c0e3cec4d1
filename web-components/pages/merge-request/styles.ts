import { css } from 'lit';

export const mergeRequestStyles = css`
  :host {
    display: grid;
    gap: var(--wa-space-m);
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 21rem;
    gap: var(--wa-space-m);
    align-items: start;
  }
  .main,
  .side {
    display: grid;
    gap: var(--wa-space-m);
    min-inline-size: 0;
  }
  section.card {
    display: grid;
    gap: var(--wa-space-s);
    padding: var(--wa-space-m);
  }
  .text,
  .lines {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .list {
    display: grid;
    gap: var(--wa-space-s);
  }
  .list li {
    display: grid;
    gap: var(--wa-space-3xs);
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }
  .list li.row {
    display: flex;
    flex-wrap: nowrap;
    align-items: flex-start;
  }
  .end {
    margin-inline-start: auto;
  }
  @media (max-width: 62rem) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
    .end {
      margin-inline-start: 0;
    }
  }
`;
