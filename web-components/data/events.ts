/** What happens in the registry while a page is open: one stream of events, shared by everything that listens. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { EventData, EventKind } from '../../registry/schemas/events.ts';

/** `reset` has no data that says more than that some events are missing: read anew what is shown. */
export type LiveEvent<K extends EventKind = EventKind> = {
  [T in K]: { type: T; data: EventData[T] };
}[K];

/** All that can happen to a merge request. */
export const REVIEW_EVENTS = [
  'merge_request.opened',
  'merge_request.updated',
  'merge_request.merged',
  'merge_request.closed',
] as const satisfies readonly EventKind[];

type Listener = (event: LiveEvent) => void;

/** How long until a stream that the registry refused is asked for again: doubled each time, in milliseconds. */
const FIRST_RETRY = 5_000;
const LAST_RETRY = 5 * 60_000;

const listeners = new Map<EventKind, Set<Listener>>();
let source: EventSource | undefined;
let retry = FIRST_RETRY;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Calls `listener` for every event of these kinds, and for `reset`; returns what ends that. */
export function listen(kinds: readonly EventKind[], listener: Listener): () => void {
  const wanted = [...kinds, 'reset'] as const;
  for (const kind of wanted) {
    const known = listeners.get(kind) ?? new Set();
    if (!listeners.has(kind)) source?.addEventListener(kind, hear);
    listeners.set(kind, known.add(listener));
  }
  if (!source && timer === undefined && !document.hidden) open();
  return () => {
    for (const kind of wanted) listeners.get(kind)?.delete(listener);
    if (!isHeard()) close();
  };
}

const isHeard = () => [...listeners.values()].some(({ size }) => size > 0);

function open(): void {
  timer = undefined;
  source = new EventSource('/api/events');
  for (const kind of listeners.keys()) source.addEventListener(kind, hear);
  source.addEventListener('open', () => {
    retry = FIRST_RETRY;
  });
  // A connection that broke is resumed by the browser. One that was refused is closed: nobody may be signed in.
  source.addEventListener('error', () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    source = undefined;
    timer = setTimeout(open, retry);
    retry = Math.min(2 * retry, LAST_RETRY);
  });
}

function close(): void {
  clearTimeout(timer);
  timer = undefined;
  source?.close();
  source = undefined;
}

/**
 * Without HTTP/2 a browser has six connections to a server, for all of its windows: one that nobody looks at gives its
 * own back, and reads anew what it shows when somebody returns to it.
 */
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return close();
  if (!isHeard()) return;
  if (!source) open();
  tell({ type: 'reset', data: { reason: 'the window was not looked at' } });
});

function hear(message: Event): void {
  const { type, data } = message as MessageEvent<string>;
  tell({ type, data: JSON.parse(data) } as LiveEvent);
}

function tell(event: LiveEvent): void {
  for (const listener of listeners.get(event.type) ?? []) listener(event);
}

/** Listens while its host is in the page: `new LiveController(this, ['definition.landed'], () => this.task.run())`. */
export class LiveController implements ReactiveController {
  readonly #kinds: readonly EventKind[];
  readonly #listener: Listener;
  #stop: (() => void) | undefined;

  constructor(
    host: ReactiveControllerHost,
    kinds: readonly EventKind[],
    listener: (event: LiveEvent) => void,
  ) {
    this.#kinds = kinds;
    this.#listener = listener;
    host.addController(this);
  }

  hostConnected(): void {
    this.#stop = listen(this.#kinds, this.#listener);
  }

  hostDisconnected(): void {
    this.#stop?.();
  }
}
