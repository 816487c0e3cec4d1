/** Simulated lab computers, and the processes that run them. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { send } from './exchange.ts';
import type { Computer, Message, Reached, Start } from './messages.ts';
import type { Served } from './served.ts';

const PROCESSES = 4;
const AT_ONCE = 10;

/** Enrols the computers. Each computer starts with the current sync list. */
export async function enrolAll({ url, enrol }: Served, count: number): Promise<Computer[]> {
  const computers: Computer[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      const token = await enrol(`PC-${begun++}`);
      const { etag } = await send('GET', `${url}/api/sync`, { authorization: `Bearer ${token}` });
      computers.push({ token, etag });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return computers;
}

export interface Swarm {
  /** Resolves when the last computer has finished the next event. */
  reached(): Promise<Reached>;
  end(): void;
}

/** Resolves when all streams are open. */
export async function swarm({ computers, ...start }: Start): Promise<Swarm> {
  const share = Math.ceil(computers.length / PROCESSES);
  const children = Array.from({ length: Math.ceil(computers.length / share) }, (_, i) => {
    const child = fork(join(import.meta.dirname, 'swarm.ts'));
    const some = computers.slice(i * share, (i + 1) * share);
    child.send({ ...start, computers: some } satisfies Start);
    return child;
  });
  const broken = Promise.race(
    children.map(async (child): Promise<never> => {
      const [code] = await once(child, 'exit');
      throw new Error(`a process of simulated computers ended with ${code}`);
    }),
  );
  broken.catch(() => undefined); // `next` reports it
  const next = async () => {
    const said = Promise.all(children.map((child) => once(child, 'message')));
    return (await Promise.race([said, broken])).map(([one]) => one as Message);
  };
  await next();
  return {
    async reached() {
      const all = (await next()).filter((said) => said.kind === 'reached');
      return {
        firstHeard: Math.min(...all.map(({ firstHeard }) => firstHeard)),
        lastHeard: Math.max(...all.map(({ lastHeard }) => lastHeard)),
        done: Math.max(...all.map(({ done }) => done)),
      };
    },
    end() {
      for (const child of children) child.disconnect();
    },
  };
}
