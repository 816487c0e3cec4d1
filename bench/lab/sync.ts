/**
 * The Python client as a lab computer runs it: its first sync, and a landing that reaches a watching program.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { CLIENT, CLIENT_FOLDER, pythonWith } from '../../test/helpers/python.ts';
import { type Figure, inTurn, timed } from '../pairs.ts';
import { now } from './messages.ts';
import type { Served } from './served.ts';

const run = promisify(execFile);
const STANDIN = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'pybirch-standin');
/** The number of parallel fetches of the client. */
const AT_ONCE = 6;

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
  const { client, labId, url, token } = served;
  const remote = new URL(url);
  remote.username = 'git';
  remote.password = token;
  const sync = async (round: number) => {
    const home = join(folder, `home-${round}`);
    const { command } = await clientIn(home);
    await command('enrol', url, (await client.computers.createCode(labId)).code, '--name', 'FIRST');
    const time = await timed(() => command('sync'));
    await rm(home, { recursive: true });
    return time;
  };
  const clone = async (round: number) => {
    const target = join(folder, `clones-${round}`);
    await mkdir(target);
    const left = [...names];
    const worker = async () => {
      for (let name = left.pop(); name; name = left.pop())
        await run('git', [
          'clone',
          '-q',
          `${remote.href}definitions/${name}.git`,
          join(target, name),
        ]);
    };
    const time = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, worker)));
    await rm(target, { recursive: true });
    return time;
  };
  const compared = await inTurn(rounds, sync, clone);
  const name = `first sync of ${names.length} definitions`;
  return { name, floor: `git clone of each, ${AT_ONCE} at once`, unit: 'ms', ...compared };
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
