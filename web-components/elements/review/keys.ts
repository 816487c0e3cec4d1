/**
 * Keyboard navigation: j and k go to the next and previous file, n and p to the next and previous thread. Does nothing
 * while the user types in a field.
 */
export function onReviewKey(event: KeyboardEvent, root: ParentNode): void {
  const kind = KEYS[event.key];
  if (!kind || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  const stops = [...deep(root, kind.selector)];
  if (stops.length === 0) return;
  const at = stops.findIndex((stop) => stop.matches(':focus, :focus-within') || holdsFocus(stop));
  const next = at === -1 && kind.step < 0 ? stops.length - 1 : at + kind.step;
  const stop = stops[Math.min(Math.max(next, 0), stops.length - 1)];
  event.preventDefault();
  stop?.scrollIntoView({ block: 'nearest' });
  stop?.focus();
}

const FILES = 'registry-diff-file h2';
const THREADS = 'registry-thread';
const KEYS: Record<string, { selector: string; step: 1 | -1 }> = {
  j: { selector: FILES, step: 1 },
  k: { selector: FILES, step: -1 },
  n: { selector: THREADS, step: 1 },
  p: { selector: THREADS, step: -1 },
};

function isTyping(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}

function holdsFocus(element: HTMLElement): boolean {
  const root = element.getRootNode();
  return root instanceof ShadowRoot && root.activeElement === element;
}

/** The elements that match `host inner` in all shadow roots, in document order. */
function* deep(root: ParentNode, selector: string): Generator<HTMLElement> {
  const [host = '', inner] = selector.split(' ');
  for (const element of root.querySelectorAll<HTMLElement>('*')) {
    if (element.matches(host)) {
      const found = inner ? element.shadowRoot?.querySelector<HTMLElement>(inner) : element;
      if (found) yield found;
    }
    if (element.shadowRoot) yield* deep(element.shadowRoot, selector);
  }
}
