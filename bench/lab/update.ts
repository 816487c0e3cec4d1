/**
 * Measures one update of many lab computers, compared with a bare server that sends the same bytes, and the cost of
 * open streams.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Figure, inTurn } from '../pairs.ts';
import { compare, type Pair } from '../statistics.ts';
import type { Recorded } from './bare.ts';
import { update } from './exchange.ts';
import { type Computer, now } from './messages.ts';
import type { Served } from './served.ts';
import { enrolAll, type Swarm, swarm } from './simulated.ts';

interface UpdateSize {
  rounds: number;
  computers: number;
  landings: number;
}

export async function measureUpdate(
  served: Served,
  { rounds, computers: count, landings }: UpdateSize,
  definition: { id: number; name: string },
): Promise<Figure[]> {
  const { client, url, memory } = served;
  const { id, name } = definition;
  const headOf = async () => (await client.definitions.read(id)).head as string;
  const has = await headOf();
  const computers = await enrolAll(served, count + 1);
  const land = async () => {
    const { source_code } = await client.definitions.read(id);
    const started = now();
    await client.definitions.change(id, { source_code: `${source_code}# changed\n` });
    return { started, answered: now() };
  };

  // The last computer only records the bodies that the bare server will send.
  const recorder = computers.pop() as Computer;
  await land();
  const recorded: Recorded = {};
  await update(url, recorder.token, name, has, recorder.etag, (what, { body, etag }) => {
    recorded[what] = { body: body.toString('base64'), etag };
  });

  const idle = await memory.now();
  const listening = await swarm({ url, name, has, computers, fetches: false });
  const open = await memory.now();
  const told = await tellAll(listening, landings, land);
  listening.end();

  const bare = fork(join(import.meta.dirname, 'bare.ts'));
  bare.send(recorded);
  const [{ port }] = (await once(bare, 'message')) as [{ port: number }];
  const start = { name, has: await headOf(), computers, fetches: true };
  const ours = await swarm({ ...start, url });
  const floor = await swarm({ ...start, url: `http://127.0.0.1:${port}` });
  try {
    await memory.forget();
    const reach = (them: Swarm, begin: () => unknown) => async () => {
      const reached = them.reached();
      await begin();
      const { firstHeard, done } = await reached;
      return done - firstHeard;
    };
    const compared = await inTurn(
      rounds,
      reach(ours, land),
      reach(floor, () => bare.send('land')),
    );
    const peak = await memory.peak();
    const streams = `${count} open streams`;
    return [
      {
        name: `landing, until ${streams} have its event`,
        floor: 'the landing, until it is answered',
        unit: 'ms',
        ...compare(told),
      },
      {
        name: `an update reaches ${count} computers`,
        floor: 'a bare server of the same bytes',
        unit: 'ms',
        goal: 3,
        ...compared,
      },
      ...inMegabytes(`memory with ${streams}`, { ours: open, floor: idle }),
      ...inMegabytes('peak memory while updates reach them', { ours: peak, floor: idle }),
    ];
  } finally {
    for (const them of [ours, floor]) them.end();
    bare.disconnect();
  }
}

/** Measures, for each landing, the time until it is answered and the time until the last stream has the event. */
async function tellAll(
  them: Swarm,
  landings: number,
  land: () => Promise<{ started: number; answered: number }>,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let i = 0; i < landings; i++) {
    const reached = them.reached();
    const { started, answered } = await land();
    const { lastHeard } = await reached;
    pairs.push({ ours: lastHeard - started, floor: answered - started });
  }
  return pairs;
}

function inMegabytes(name: string, pair: Pair): Figure[] {
  if (pair.floor === 0) return [];
  return [{ name, floor: 'the same server before', unit: 'MB', ...compare([pair]) }];
}
