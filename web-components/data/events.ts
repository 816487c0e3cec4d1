/** What happens in the registry while a page is open: one stream of events, shared by everything that listens. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { EventData, EventKind } from '../../registry/schemas/events.ts';
import { session } from './session.ts';

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
/** How long a stream may be interrupted before it is said, in milliseconds: the registry may just have been started anew. */
const GRACE = 6_000;
/** How long the stream outlives whoever listened: the next page goes on with it, and nothing falls between the two. */
const LINGER = 1_000;

const listeners = new Map<EventKind, Set<Listener>>();
let source: EventSource | undefined;
/** Whose it is. */
let reader: number | undefined;
let retry = FIRST_RETRY;
let timer: ReturnType<typeof setTimeout> | undefined;
let grace: ReturnType<typeof setTimeout> | undefined;
/** Whether events may be missing that the next stream does not tell of. */
let hasGap = false;

/** Fires `change` when `isLost` is another: whether what is listened for has not been heard for a while. */
class Stream extends EventTarget {
  isLost = false;

  find(isLost: boolean): void {
    if (isLost === this.isLost) return;
    this.isLost = isLost;
    this.dispatchEvent(new Event('change'));
  }
}
export const stream = new Stream();

/** Calls `listener` for every event of these kinds, and for `reset`; returns what ends that. */
export function listen(kinds: readonly EventKind[], listener: Listener): () => void {
  const wanted = [...kinds, 'reset'] as const;
  for (const kind of wanted) {
    const known = listeners.get(kind) ?? new Set();
    if (!listeners.has(kind)) source?.addEventListener(kind, hear);
    listeners.set(kind, known.add(listener));
  }
  if (timer === undefined) open();
  return () => {
    for (const kind of wanted) listeners.get(kind)?.delete(listener);
    setTimeout(() => !isHeard() && close(), LINGER);
  };
}

const isHeard = () => [...listeners.values()].some(({ size }) => size > 0);

/** Nothing is told to nobody, to windows that nobody looks at, and where the session is over. */
function open(): void {
  timer = undefined;
  if (source || document.hidden || !isHeard() || !session.me) return;
  const opened = new EventSource('/api/events');
  source = opened;
  reader = session.me.user.id;
  for (const kind of listeners.keys()) opened.addEventListener(kind, hear);
  opened.addEventListener('open', () => {
    retry = FIRST_RETRY;
    calm();
    // It was signed in again in another window.
    if (session.isOver) void session.lookAgain();
    if (hasGap) tell({ type: 'reset', data: { reason: 'the stream was interrupted' } });
    hasGap = false;
  });
  opened.addEventListener('error', () => {
    grace ??= setTimeout(() => stream.find(true), GRACE);
    // A connection that broke is resumed by the browser, which says what it heard last. One that was refused is closed.
    if (opened.readyState === EventSource.CLOSED && opened === source) void refused();
  });
}

async function refused(): Promise<void> {
  source = undefined;
  hasGap = true;
  timer = setTimeout(open, retry);
  retry = Math.min(2 * retry, LAST_RETRY);
  // One that cannot be reached says nothing of the session.
  await session.load().catch(() => undefined);
}

function close(): void {
  clearTimeout(timer);
  timer = undefined;
  source?.close();
  source = undefined;
  calm();
}

function calm(): void {
  clearTimeout(grace);
  grace = undefined;
  stream.find(false);
}

/** Whoever signs in is told at once. */
session.addEventListener('change', () => {
  if (session.me?.user.id !== reader) close();
  if (session.isOver) return;
  clearTimeout(timer);
  open();
});

/**
 * Without HTTP/2 a browser has six connections to a server, for all of its windows: one that nobody looks at gives its
 * own back, and reads anew what it shows when somebody returns to it.
 */
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return close();
  if (!isHeard()) return;
  open();
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
