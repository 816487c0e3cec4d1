/** Text that others wrote: characters that nobody sees are marked with their names, and so lose their effect on the rest. */
import { html } from 'lit';
import { codePointOf, describeHidden, findHidden, HIDDEN_IN_CODE } from '../../text/hidden.ts';

/** For templates. Ends of lines and tabs are none of them. */
export function revealed(text: string): unknown {
  return parted(text).map((part) =>
    typeof part === 'string'
      ? part
      : html`<span class="hidden-character" title=${describeHidden(part.hidden)}>${codePointOf(part.hidden)}</span>`,
  );
}

/** For elements that are made without templates. */
export function revealedNodes(text: string): (string | HTMLElement)[] {
  return parted(text).map((part) => (typeof part === 'string' ? part : signOf(part.hidden)));
}

/** What stands in a hidden character's place. */
export function signOf(hidden: string): HTMLElement {
  const mark = document.createElement('span');
  mark.className = 'hidden-character';
  mark.title = describeHidden(hidden);
  mark.textContent = codePointOf(hidden);
  return mark;
}

function parted(text: string): (string | { hidden: string })[] {
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
