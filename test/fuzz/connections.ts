/** Many connections that do little: clients of one byte a second, half-open ones, and idle streams of events. */
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { measurement } from '../helpers/registry.ts';
import { openSocket } from './http.ts';
import type { Subject } from './subject.ts';

export interface Crowd {
  /** How often all of this is repeated. */
  rounds: number;
  slow: number;
  halfOpen: number;
  streams: number;
  /** How long the slow clients send, in seconds. */
  seconds: number;
}

/** Opens all connections, uses the registry meanwhile, and closes them. Returns what was wrong. */
export async function crowd(subject: Subject, { slow, halfOpen, streams, seconds }: Crowd) {
  const faults: string[] = [];
  const open = (count: number) =>
    Promise.all(Array.from({ length: count }, () => openSocket(subject.url)));
  const slowOnes = await open(slow);
  const silent = await open(halfOpen);
  const listening: Socket[] = [];
  // In parts, because the registry's queue of new connections has a limit.
  for (let left = streams; left > 0; left -= 100)
    listening.push(...(await open(Math.min(left, 100))));
  const events = listening.map((socket) => nextEvent(socket, subject));
  await Promise.all(events.map(({ begun }) => begun));
  const body = JSON.stringify({ username: 'admin', password: 'wrong' });
  const text = `POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  for (let second = 0; second < seconds; second += 1) {
    for (const socket of slowOnes) socket.write(text[second] ?? '');
    const begun = performance.now();
    const answer = await fetch(`${subject.url}/healthz`, { signal: AbortSignal.timeout(10_000) });
    await answer.text();
    if (!answer.ok) faults.push(`/healthz answered ${answer.status} beside the crowd`);
    await pause(Math.max(0, 1000 - (performance.now() - begun)));
  }
  const revision = { source_code: measurement('Fuzzed', Date.now() % 1e9) };
  await subject.client.definitions.change(subject.definition, revision);
  const told = Promise.all(events.map(({ event }) => event)).then(() => true);
  if (!(await Promise.race([told, pause(60_000, false, { ref: false })])))
    faults.push('a stream did not get the event of a save within a minute');
  for (const socket of [...slowOnes, ...silent, ...listening]) socket.resetAndDestroy();
  return faults;
}

/** Reads a stream of events: `begun` when it is open, `event` when the first event has come. */
function nextEvent(socket: Socket, { token }: Subject) {
  const begun = Promise.withResolvers<void>();
  const event = Promise.withResolvers<void>();
  let text = '';
  socket.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(-10_000);
    if (/^HTTP\/1\.1 200[\s\S]*\n\n/.test(text) || text.includes('\nid:')) begun.resolve();
    if (/^event: definition\.landed/m.test(text)) event.resolve();
  });
  socket.once('close', () => begun.resolve());
  socket.write(
    `GET /api/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\naccept: text/event-stream\r\n\r\n`,
  );
  return { begun: begun.promise, event: event.promise };
}
