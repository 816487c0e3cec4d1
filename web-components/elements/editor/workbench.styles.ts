import { css } from 'lit';

export const workbenchStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 22rem;
    gap: var(--wa-space-m);
    align-items: start;
  }
  .code {
    overflow: clip;
  }
  registry-code-editor {
    min-block-size: 20rem;
  }
  .panel {
    padding: 0 var(--wa-space-s) var(--wa-space-s);
    min-inline-size: 0;
  }
  wa-tab::part(base) {
    padding: var(--wa-space-s);
  }
  wa-tab-panel {
    --padding: var(--wa-space-s) 0 0;
  }
  .form {
    display: grid;
    gap: var(--wa-space-s);
  }
  @media (max-width: 70rem) {
    :host {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
