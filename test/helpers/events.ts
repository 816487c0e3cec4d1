/** Reads the event stream as a client program does. */
import { EventEmitter, once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Test } from 'tap';
import type { EventData, EventKind } from '../../registry/schemas/events.ts';

export interface SentEvent<K extends EventKind = EventKind> {
  id: number;
  kind: K;
  data: EventData[K];
  /** The time when the event was read, by `Date.now()`. */
  read: number;
}

export interface EventReader {
  /** Every event received so far. */
  events: SentEvent[];
  /** The newest id. The stream also sends ids that have no event. */
  lastId(): number;
  /** Resolves when the newest id is greater than this one. */
  isPast(id: number): Promise<void>;
  /** Returns the next event that no caller has taken yet. Rejects if the stream ends first. */
  next(): Promise<SentEvent>;
  /** Resolves when either side has ended the stream. */
  ended: Promise<void>;
  close(): void;
  response: IncomingMessage;
}

/**
 * Opens a stream. Resolves when the registry has sent the starting position. Rejects with the status if the registry
 * refuses the stream.
 */
export async function readEvents(
  t: Pick<Test, 'teardown'>,
  url: string,
  headers: Record<string, string>,
): Promise<EventReader> {
  const { promise: answered, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const call: ClientRequest = request(`${url}/api/events`, { agent: false, headers });
  call.on('error', reject).on('response', resolve).end();
  const response = await answered;
  if (response.statusCode !== 200) {
    response.resume();
    throw Object.assign(new Error(`${response.statusCode}`), { status: response.statusCode });
  }
  t.teardown(() => call.destroy());
  return follow(call, response);
}

async function follow(call: ClientRequest, response: IncomingMessage): Promise<EventReader> {
  const events: SentEvent[] = [];
  const waiting: PromiseWithResolvers<SentEvent>[] = [];
  let [taken, lastId, rest, over] = [0, 0, '', false];
  const begun = Promise.withResolvers<void>();
  const ids = new EventEmitter();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  response.setEncoding('utf8').on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() as string;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
      lastId = Number(field('id') ?? lastId);
      begun.resolve();
      ids.emit('id');
      const kind = field('event');
      if (kind === undefined) continue;
      const data = JSON.parse(field('data') as string);
      const event = { id: lastId, kind, data, read: Date.now() } as SentEvent;
      events.push(event);
      waiting.shift()?.resolve(event);
    }
  });
  response
    .on('error', () => undefined)
    .on('close', () => {
      over = true;
      for (const { reject } of waiting) reject(new Error('the stream has ended'));
      end();
    });
  await Promise.race([begun.promise, ended]);
  return {
    events,
    response,
    lastId: () => lastId,
    async isPast(id) {
      while (lastId <= id) await once(ids, 'id');
    },
    async next() {
      const event = events[taken++];
      if (event) return event;
      if (over) throw new Error('the stream has ended');
      const wait = Promise.withResolvers<SentEvent>();
      waiting.push(wait);
      return await wait.promise;
    },
    ended,
    close: () => void call.destroy(),
  };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
