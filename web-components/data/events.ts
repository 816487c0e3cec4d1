/** What happens in the registry while a page is open: one stream of events, shared by everything that listens. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export type LiveEventType =
  | 'definition.landed'
  | 'merge_request.opened'
  | 'merge_request.updated'
  | 'merge_request.merged'
  | 'merge_request.closed'
  | 'binding.changed';

export interface LiveEvent {
  type: LiveEventType;
  /** As the registry sent it. */
  data: unknown;
}

type Listener = (event: LiveEvent) => void;

/** How long until a stream that the registry refused is asked for again: doubled each time, in milliseconds. */
const FIRST_RETRY = 5_000;
const LAST_RETRY = 5 * 60_000;

const listeners = new Map<LiveEventType, Set<Listener>>();
let source: EventSource | undefined;
let retry = FIRST_RETRY;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Calls `listener` for every event of these types; returns what ends that. */
export function listen(types: readonly LiveEventType[], listener: Listener): () => void {
  for (const type of types) {
    const known = listeners.get(type) ?? new Set();
    known.add(listener);
    listeners.set(type, known);
    if (known.size === 1) source?.addEventListener(type, hear);
  }
  if (!source && timer === undefined) open();
  return () => {
    for (const type of types) listeners.get(type)?.delete(listener);
    if ([...listeners.values()].every(({ size }) => size === 0)) close();
  };
}

function open(): void {
  timer = undefined;
  source = new EventSource('/api/events');
  for (const type of listeners.keys()) source.addEventListener(type, hear);
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

function hear(message: Event): void {
  const { type, data } = message as MessageEvent<string>;
  const event: LiveEvent = { type: type as LiveEventType, data: JSON.parse(data) };
  for (const listener of listeners.get(event.type) ?? []) listener(event);
}

/** Listens while its host is in the page: `new LiveController(this, ['definition.landed'], () => this.task.run())`. */
export class LiveController implements ReactiveController {
  readonly #types: readonly LiveEventType[];
  readonly #listener: Listener;
  #stop: (() => void) | undefined;

  constructor(
    host: ReactiveControllerHost,
    types: readonly LiveEventType[],
    listener: (event: LiveEvent) => void,
  ) {
    this.#types = types;
    this.#listener = listener;
    host.addController(this);
  }

  hostConnected(): void {
    this.#stop = listen(this.#types, this.#listener);
  }

  hostDisconnected(): void {
    this.#stop?.();
  }
}
