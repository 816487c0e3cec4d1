/** One update on its way to many lab computers, beside a bare server that sends the same bytes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Figure, inTurn } from '../pairs.ts';
import { compare } from '../statistics.ts';
import type { Recorded } from './bare.ts';
import { send, update } from './exchange.ts';
import type { Computer, Said, Start } from './messages.ts';
import { now } from './messages.ts';
import { peakMemory, type Served } from './served.ts';

const PROCESSES = 4;
const script = (name: string) => join(import.meta.dirname, name);

export async function measureUpdate(
  served: Served,
  { rounds, computers: count }: { rounds: number; computers: number },
  definition: { id: number; name: string },
): Promise<Figure[]> {
  const { client, url } = served;
  const { id, name } = definition;
  const has = (await client.definitions.read(id)).head as string;
  const computers: Computer[] = [];
  for (let i = 0; i <= count; i++) {
    const token = await served.enrol(`PC-${i}`);
    const { etag } = await send('GET', `${url}/api/sync`, { authorization: `Bearer ${token}` });
    computers.push({ token, etag });
  }
  const land = async () => {
    const { source_code } = await client.definitions.read(id);
    await client.definitions.change(id, { source_code: `${source_code}# changed\n` });
  };

  // The last computer only records what the bare server is to send.
  const recorder = computers.pop() as Computer;
  await land();
  const recorded: Recorded = {};
  await update(url, recorder.token, name, has, recorder.etag, (what, { body, etag }) => {
    recorded[what] = { body: body.toString('base64'), etag };
  });
  const bare = fork(script('bare.ts'));
  bare.send(recorded);
  const [{ port }] = (await once(bare, 'message')) as [{ port: number }];

  const head = (await client.definitions.read(id)).head as string;
  const ours = await swarm({ url, name, has: head, computers });
  const floor = await swarm({ url: `http://127.0.0.1:${port}`, name, has: head, computers });
  try {
    const reach = (them: Swarm, begin: () => unknown) => async () => {
      const all = them.updated();
      await begin();
      const landed = now();
      const said = await all;
      const heard = Math.min(landed, ...said.map(({ firstHeard }) => firstHeard));
      return Math.max(...said.map(({ lastHad }) => lastHad)) - heard;
    };
    const against = 'a bare server of the same bytes';
    const compared = await inTurn(
      rounds,
      reach(ours, land),
      reach(floor, () => bare.send('land')),
    );
    const memory = { ours: await served.megabytes(), floor: await peakMemory(bare) };
    const figures: Figure[] = [
      {
        name: `an update reaches ${count} computers`,
        floor: against,
        unit: 'ms',
        goal: 3,
        ...compared,
      },
    ];
    if (memory.floor > 0)
      figures.push({
        name: 'peak memory of the server then',
        floor: against,
        unit: 'MB',
        ...compare([memory]),
      });
    return figures;
  } finally {
    for (const { children } of [ours, floor]) for (const child of children) child.disconnect();
    bare.disconnect();
  }
}

interface Swarm {
  children: ChildProcess[];
  /** Of every process, once its last computer has the next update. */
  updated(): Promise<Extract<Said, { kind: 'updated' }>[]>;
}

/** Once all their streams stand. */
async function swarm({ computers, ...start }: Start): Promise<Swarm> {
  const share = Math.ceil(computers.length / PROCESSES);
  const children: ChildProcess[] = [];
  for (let from = 0; from < computers.length; from += share) {
    const child = fork(script('swarm.ts'));
    child.send({ ...start, computers: computers.slice(from, from + share) } satisfies Start);
    children.push(child);
  }
  await Promise.all(children.map((child) => once(child, 'message')));
  return {
    children,
    updated: async () =>
      (await Promise.all(children.map((child) => once(child, 'message')))).map(([said]) => said),
  };
}
