/** People who save, read and follow events through a load balancer, and write down what was acknowledged. */
import { setTimeout as after } from 'node:timers/promises';
import type { Test } from 'tap';
import { createClient, type RegistryClient } from '../../../client/typescript/client.ts';
import { bearer, type EventReader, readEvents, type SentEvent } from '../../helpers/events.ts';
import { measurement } from '../../helpers/registry.ts';

/** A client that gives up after some seconds, as a page or a program does. */
export function patientClient(url: string, token: string, seconds = 5): RegistryClient {
  return createClient({
    url,
    token,
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(seconds * 1000) }),
  });
}

/** What may happen to a request while processes are killed or stopped: it must be repeated, or another change was first. */
const isExpected = (error: { name?: string; status?: number }): boolean =>
  [409, 502, 503, 504].includes(error.status ?? 0) ||
  ['TimeoutError', 'TypeError', 'AbortError'].includes(error.name ?? '');

export interface Saved {
  id: number;
  name: string;
  /** The content of each version whose save was acknowledged. */
  acknowledged: Map<number, string>;
  /** Every content that somebody tried to save. */
  tried: Set<string>;
}

export interface World {
  /** The address of the load balancer. */
  url: string;
  token: string;
  /** The addresses of the processes that run now. */
  running: Set<string>;
  saved: Saved[];
  /** What should not have happened. */
  violations: string[];
  /** Whether people go on. */
  isOn: boolean;
  count: number;
}

let values = 1;

/** Saves a definition again and again, and reads it after each save through the balancer and every process that runs. */
export async function write(world: World, saved: Saved, pause: number): Promise<void> {
  const { id, name, acknowledged, tried } = saved;
  while (world.isOn) {
    const source_code = measurement(name, ++values);
    tried.add(source_code);
    try {
      const { version } = await patientClient(world.url, world.token).definitions.change(id, {
        source_code,
      });
      if (version === null || acknowledged.has(version))
        world.violations.push(`${name}: two saves were answered with version ${version}`);
      else acknowledged.set(version, source_code);
      world.count += 1;
      await readBack(world, saved, version ?? 0);
    } catch (error) {
      if (!isExpected(error as Error)) world.violations.push(`${name}: ${error}`);
    }
    await after(pause);
  }
}

async function readBack(world: World, { id, name, acknowledged }: Saved, atLeast: number) {
  for (const url of [world.url, ...world.running]) {
    try {
      const read = await patientClient(url, world.token).definitions.read(id);
      if ((read.version ?? 0) < atLeast)
        world.violations.push(`${name}: ${url} shows version ${read.version} after ${atLeast}`);
      const known = acknowledged.get(read.version ?? 0);
      if (known !== undefined && known !== read.source_code)
        world.violations.push(`${name}: ${url} shows another content of version ${read.version}`);
      const refs = await fetch(`${url}/definitions/${name}.git/info/refs?service=git-upload-pack`, {
        headers: basic(world.token),
        signal: AbortSignal.timeout(5000),
      });
      if (refs.ok && !(await refs.text()).includes(`refs/tags/v${atLeast}\n`))
        world.violations.push(`${name}: git at ${url} has no version ${atLeast}`);
    } catch (error) {
      if (!isExpected(error as Error)) world.violations.push(`${name}: ${error}`);
    }
  }
}

const basic = (token: string) => ({
  authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
});

export interface Following {
  events: SentEvent[];
  /** How many streams there were. */
  streams: number;
  /** Resolves when the event with this number has been read. */
  until(last: number): Promise<void>;
}

/**
 * Reads events from now on. When a stream ends, continues after its newest event at the next of these addresses. Resolves
 * when the first stream is open.
 */
export async function follow(t: Test, urls: readonly string[], token: string): Promise<Following> {
  const { promise: goal, resolve: setGoal } = Promise.withResolvers<number>();
  const following = { events: [] as SentEvent[], streams: 0 };
  const open = async (lastId?: number): Promise<EventReader> => {
    const from = lastId === undefined ? {} : { 'last-event-id': String(lastId) };
    for (;;) {
      const url = urls[following.streams++ % urls.length] as string;
      try {
        return await readEvents(t, url, { ...bearer(token), ...from });
      } catch {
        await after(100);
      }
    }
  };
  let reader = await open();
  const reading = (async () => {
    for (;;) {
      const { ended, isPast } = reader;
      const isDone = await Promise.race([
        ended.then(() => false),
        goal.then(async (last) => await isPast(last - 1)).then(() => true),
      ]);
      reader.close();
      following.events.push(...reader.events);
      if (isDone) return;
      reader = await open(reader.lastId());
    }
  })();
  return Object.assign(following, {
    async until(last: number) {
      setGoal(last);
      await reading;
    },
  });
}
