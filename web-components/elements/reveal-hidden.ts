/**
 * Shows text from other people. Hidden characters in the text are replaced by their code points, so that they have no
 * effect.
 */
import { html } from 'lit';
import { codePointOf, describeHidden, findHidden, HIDDEN_IN_CODE } from '../../text/hidden.ts';

/** The text for a template. Line endings and tabs do not count as hidden characters. */
export function revealHidden(text: string): unknown {
  return splitAtHidden(text).map((part) =>
    typeof part === 'string'
      ? part
      : html`<span class="hidden-character" title=${describeHidden(part.hidden)}>${codePointOf(part.hidden)}</span>`,
  );
}

/** The text as nodes, for elements that are created without a template. */
export function revealHiddenNodes(text: string): (string | HTMLElement)[] {
  return splitAtHidden(text).map((part) =>
    typeof part === 'string' ? part : markHidden(part.hidden),
  );
}

/** The element that replaces a hidden character. */
export function markHidden(hidden: string): HTMLElement {
  const mark = document.createElement('span');
  mark.className = 'hidden-character';
  mark.title = describeHidden(hidden);
  mark.textContent = codePointOf(hidden);
  return mark;
}

function splitAtHidden(text: string): (string | { hidden: string })[] {
  const parts: (string | { hidden: string })[] = [];
  let from = 0;
  for (const { at, character } of findHidden(text, HIDDEN_IN_CODE)) {
    if (at > from) parts.push(text.slice(from, at));
    parts.push({ hidden: character });
    from = at + character.length;
  }
  if (from < text.length || parts.length === 0) parts.push(text.slice(from));
  return parts;
}
