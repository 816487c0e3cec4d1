import { css } from 'lit';

/** The colours of highlighted code, for Lezer's `classHighlighter`. */
export const codeColours = css`
  .tok-comment {
    color: var(--registry-code-comment);
    font-style: italic;
  }
  .tok-keyword,
  .tok-bool,
  .tok-operatorKeyword {
    color: var(--registry-code-keyword);
  }
  .tok-string,
  .tok-string2 {
    color: var(--registry-code-string);
  }
  .tok-number,
  .tok-atom {
    color: var(--registry-code-number);
  }
  .tok-definition {
    color: var(--registry-code-definition);
  }
  .tok-className,
  .tok-typeName {
    color: var(--registry-code-type);
  }
  .tok-meta {
    color: var(--registry-code-decorator);
  }
`;
