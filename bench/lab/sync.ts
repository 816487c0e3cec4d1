/**
 * Measures the Python client as a lab computer runs it: its first sync, and the time until a landing reaches a program
 * that watches the registry.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { CLIENT, CLIENT_FOLDER, pythonWith } from '../../test/helpers/python.ts';
import { type Figure, inTurn, timed } from '../pairs.ts';
import { send } from './exchange.ts';
import { now } from './messages.ts';
import type { Served } from './served.ts';

const run = promisify(execFile);
const STANDIN = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'pybirch-standin');
const FLOOR = join(import.meta.dirname, 'floor.py');

async function clientIn(home: string) {
  const python = await pythonWith(CLIENT);
  const env = {
    ...process.env,
    PYTHONPATH: [join(CLIENT_FOLDER, 'src'), STANDIN].join(':'),
    PYBIRCH_REGISTRY_HOME: home,
  };
  return {
    python,
    env,
    command: (...args: string[]) => run(python, ['-m', 'pybirch_registry', ...args], { env }),
  };
}

export async function measureFirstSync(
  served: Served,
  folder: string,
  { rounds, names }: { rounds: number; names: readonly string[] },
): Promise<Figure> {
  const { client, labId, url } = served;
  const bare = await bareServer(url, await served.enrol('RECORDED'), names);
  const sync = async (round: number) => {
    const home = join(folder, `home-${round}`);
    const { command } = await clientIn(home);
    await command('enrol', url, (await client.computers.createCode(labId)).code, '--name', 'FIRST');
    const time = await timed(() => command('sync'));
    await rm(home, { recursive: true });
    return time;
  };
  const bytes = async (round: number) => {
    const target = join(folder, `bytes-${round}`);
    const { python, env } = await clientIn(target);
    const time = await timed(() => run(python, [FLOOR, bare.url, target], { env }));
    await rm(target, { recursive: true });
    return time;
  };
  try {
    const compared = await inTurn(rounds, sync, bytes);
    const name = `first sync of ${names.length} definitions`;
    return { name, floor: 'the same bytes to the disk', unit: 'ms', goal: 3, ...compared };
  } finally {
    bare.close();
  }
}

/** Serves the answers that a computer receives at its first sync. */
async function bareServer(url: string, token: string, names: readonly string[]) {
  const bodies = new Map<string | undefined, Buffer>();
  const headers = { authorization: `Bearer ${token}` };
  const json = { ...headers, 'content-type': 'application/json' };
  const histories = JSON.stringify({ names });
  bodies.set('/api/sync', (await send('GET', `${url}/api/sync`, headers)).body);
  const asked = '/api/sync/histories';
  bodies.set(asked, (await send('POST', url + asked, json, histories)).body);
  const server = createServer((request, response) => response.end(bodies.get(request.url)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

export async function measureLanding(
  served: Served,
  folder: string,
  rounds: number,
  [watched, pulled]: [{ id: number; name: string }, { id: number; name: string }],
): Promise<Figure> {
  const { client, labId, url, token } = served;
  const { python, env, command } = await clientIn(join(folder, 'watching'));
  await command(
    'enrol',
    url,
    (await client.computers.createCode(labId)).code,
    '--name',
    'WATCHING',
  );
  await command('sync');
  const program = spawn(python, [join(import.meta.dirname, 'watching.py'), watched.name], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const remote = new URL(`${url}/definitions/${pulled.name}.git`);
  remote.username = 'git';
  remote.password = token;
  const clone = join(folder, 'pulled');
  await run('git', ['clone', '-q', remote.href, clone]);

  const land = async (id: number) => {
    const { source_code } = await client.definitions.read(id);
    const started = now();
    const { version } = await client.definitions.change(id, {
      source_code: `${source_code}# changed\n`,
    });
    return { started, version: version as number };
  };
  try {
    const compared = await inTurn(
      rounds,
      async () => {
        const { started, version } = await land(watched.id);
        for (let line = await lines.next(); !line.done; line = await lines.next()) {
          const seen = JSON.parse(line.value) as { version: number; at: number };
          if (seen.version === version) return seen.at - started;
        }
        throw new Error('the watching program ended');
      },
      async () => {
        const { started } = await land(pulled.id);
        await run('git', ['-C', clone, 'pull', '-q']);
        return now() - started;
      },
    );
    const name = 'landing, until a watching program has the class';
    return { name, floor: 'landing, then git pull', unit: 'ms', ...compared };
  } finally {
    program.kill();
  }
}
