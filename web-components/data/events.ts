/** Live events of the registry: one stream, shared by all listeners of the window. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { EventData, EventKind } from '../../registry/schemas/events.ts';
import { session } from './session.ts';

/** An event. A `reset` means that events may have been missed, so listeners reload what they show. */
export type LiveEvent<K extends EventKind = EventKind> = {
  [T in K]: { type: T; data: EventData[T] };
}[K];

/** All events of merge requests. */
export const REVIEW_EVENTS = [
  'merge_request.opened',
  'merge_request.updated',
  'merge_request.merged',
  'merge_request.closed',
] as const satisfies readonly EventKind[];

type Listener = (event: LiveEvent) => void;

/**
 * How long to wait before opening a refused stream again, in milliseconds. The waiting time doubles with each attempt.
 */
const FIRST_RETRY = 5_000;
const LAST_RETRY = 5 * 60_000;
/**
 * How long a stream may be interrupted before the user sees a notice, in milliseconds. The registry may just be
 * restarting.
 */
const GRACE = 6_000;
/**
 * How long the stream stays open after its last listener leaves, in milliseconds, so that the next page misses no
 * event.
 */
const LINGER = 1_000;

const listeners = new Map<EventKind, Set<Listener>>();
let source: EventSource | undefined;
/** The user for whom the stream was opened. */
let reader: number | undefined;
let retry = FIRST_RETRY;
let timer: ReturnType<typeof setTimeout> | undefined;
let grace: ReturnType<typeof setTimeout> | undefined;
/** Whether the stream was lost, so that a new stream will not include the events in between. */
let hasGap = false;

/** Fires `change` when `isLost` changes. */
class Stream extends EventTarget {
  /** Whether live updates have been interrupted for longer than `GRACE`. */
  isLost = false;

  setLost(isLost: boolean): void {
    if (isLost === this.isLost) return;
    this.isLost = isLost;
    this.dispatchEvent(new Event('change'));
  }
}
export const stream = new Stream();

/** Calls `listener` for every event of these kinds and for `reset`. Returns a function that ends the subscription. */
export function listen(kinds: readonly EventKind[], listener: Listener): () => void {
  const wanted = [...kinds, 'reset'] as const;
  for (const kind of wanted) {
    const known = listeners.get(kind) ?? new Set();
    if (!listeners.has(kind)) source?.addEventListener(kind, onMessage);
    listeners.set(kind, known.add(listener));
  }
  if (timer === undefined) open();
  return () => {
    for (const kind of wanted) listeners.get(kind)?.delete(listener);
    setTimeout(() => !hasListeners() && close(), LINGER);
  };
}

const hasListeners = () => [...listeners.values()].some(({ size }) => size > 0);

/**
 * Opens the stream. Does nothing if the stream is open, the window is hidden, nobody listens or nobody is signed in.
 */
function open(): void {
  timer = undefined;
  if (source || document.hidden || !hasListeners() || !session.me) return;
  const opened = new EventSource('/api/events');
  source = opened;
  reader = session.me.user.id;
  for (const kind of listeners.keys()) opened.addEventListener(kind, onMessage);
  opened.addEventListener('open', () => {
    retry = FIRST_RETRY;
    clearLost();
    // If the session was over, the open stream shows that the user has signed in again in another window.
    if (session.isOver) void session.checkAgain();
    if (hasGap) dispatch({ type: 'reset', data: { reason: 'the stream was interrupted' } });
    hasGap = false;
  });
  opened.addEventListener('error', () => {
    grace ??= setTimeout(() => stream.setLost(true), GRACE);
    // The browser itself resumes a broken connection from the last event. The browser closes a connection that the
    // registry refused.
    if (opened.readyState === EventSource.CLOSED && opened === source) void retryLater();
  });
}

async function retryLater(): Promise<void> {
  source = undefined;
  hasGap = true;
  timer = setTimeout(open, retry);
  retry = Math.min(2 * retry, LAST_RETRY);
  // If the registry cannot be reached, the session may still be valid.
  await session.load().catch(() => undefined);
}

function close(): void {
  clearTimeout(timer);
  timer = undefined;
  source?.close();
  source = undefined;
  clearLost();
}

function clearLost(): void {
  clearTimeout(grace);
  grace = undefined;
  stream.setLost(false);
}

// Open the stream as soon as the user signs in.
session.addEventListener('change', () => {
  if (session.me?.user.id !== reader) close();
  if (session.isOver) return;
  clearTimeout(timer);
  open();
});

// Without HTTP/2, all windows of a browser share six connections to a server. A hidden window therefore closes its
// stream. When the window becomes visible again, it reloads what it shows.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return close();
  if (!hasListeners()) return;
  open();
  dispatch({ type: 'reset', data: { reason: 'the window was hidden' } });
});

function onMessage(message: Event): void {
  const { type, data } = message as MessageEvent<string>;
  dispatch({ type, data: JSON.parse(data) } as LiveEvent);
}

function dispatch(event: LiveEvent): void {
  for (const listener of listeners.get(event.type) ?? []) listener(event);
}

/**
 * Listens to events while its host is connected: `new LiveController(this, ['definition.landed'], () =>
 * this.task.run())`.
 */
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
