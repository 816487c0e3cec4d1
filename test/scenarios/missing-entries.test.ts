/**
 * Each entry of a data folder is removed, emptied, or replaced by that of another registry, and the registry started. It
 * either serves everything that was acknowledged, or says that something is missing, and what to do. `npm test` takes some
 * cases; `npm run entries` takes all, up to two levels deep.
 */
import { cp, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { type Server, serve } from '../helpers/command.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(process.env.EVERY_ENTRY ? 3_600_000 : 240_000);

const PASSWORD = 'a good password';
const place = t.testdir();
const settingsOf = (DATA_DIR: string) => ({ DATA_DIR, ADMIN_PASSWORD: PASSWORD });
const SAMPLE =
  /^(journal removed|keys replaced|postgres removed|repos emptied|repos\/\.registry replaced|repos\/Meter\.git removed)$/;

async function signIn({ url }: Server) {
  const { token } = await createClient({ url }).login('admin', PASSWORD);
  return createClient({ url, token });
}

async function makeRegistry(name: string): Promise<string> {
  const folder = join(place, name);
  const server = await serve(settingsOf(folder), { first: true });
  const { definitions } = await signIn(server);
  const { id } = await definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  await definitions.change(id, { source_code: measurement('Meter', 2) });
  server.signal('SIGTERM');
  await server.ended;
  return folder;
}

async function entriesOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.sock') || name.endsWith('.lock')) continue;
    found.push(name);
    if ((await lstat(path)).isDirectory()) {
      found.push(...(await readdir(path)).map((inner) => join(name, inner)));
    }
  }
  return found.sort();
}

interface Whole {
  folder: string;
  other: string;
  /** What was acknowledged. */
  state: unknown;
}

async function stateOf(server: Server): Promise<unknown> {
  const client = await signIn(server);
  const { items } = await client.definitions.list({ per_page: 100 });
  const users = await client.users.list();
  const keys = await client.signingKeys();
  return {
    definitions: items.map(({ id, name, version, head }) => ({ id, name, version, head })),
    users: users.items.map(({ username }) => username),
    keys: keys.items.map(({ fingerprint }) => fingerprint),
  };
}

/** A pattern in EVERY_ENTRY takes the cases that match it, such as `keys/.* emptied`. */
const wanted = process.env.EVERY_ENTRY ? new RegExp(process.env.EVERY_ENTRY) : SAMPLE;

let count = 0;

async function isHandled(t: Test, whole: Whole, entry: string, how: string): Promise<void> {
  const folder = join(place, `copy-${++count}`);
  const filter = (path: string) => !path.endsWith('.sock');
  await cp(whole.folder, folder, { recursive: true, preserveTimestamps: true, filter });
  const path = join(folder, entry);
  const isFolder = (await lstat(path)).isDirectory();
  await rm(path, { recursive: true });
  if (how === 'emptied') await (isFolder ? mkdir(path) : writeFile(path, ''));
  if (how === 'replaced') {
    const names = await readdir(join(whole.other, entry, '..'));
    const name = entry.split('/').at(-1) as string;
    // The file of a private key is named after the key.
    const twin = names.find((one) => (name.endsWith('.pem') ? one.endsWith('.pem') : one === name));
    await cp(join(whole.other, entry, '..', twin ?? name), path, { recursive: true, filter });
  }
  const started = await serve(settingsOf(folder)).catch((error: Error) => error.message);
  if (typeof started === 'string') {
    t.match(started, /(repos|keys|postgres|database)\b/, 'says what is missing');
    t.match(started, /(Put|put|Check|restore|reindex|keys new)/, 'and what to do');
    t.notMatch(started, /\bat .*\.(ts|js):\d+/, 'without a stack trace');
  } else {
    const ready = await fetch(`${started.url}/readyz`);
    if (ready.status === 200) t.same(await stateOf(started), whole.state, 'all is there');
    else t.match(await ready.json(), { status: 503, code: 'incomplete', detail: /registry fsck/ });
    started.signal('SIGTERM');
    await started.ended;
  }
  await rm(folder, { recursive: true });
}

t.test('what is missing in a data folder is never made up for in silence', async (t) => {
  const [folder, other] = [await makeRegistry('one'), await makeRegistry('two')];
  const server = await serve(settingsOf(folder));
  const whole = { folder, other, state: await stateOf(server) };
  server.signal('SIGTERM');
  await server.ended;
  for (const entry of await entriesOf(folder)) {
    for (const how of ['removed', 'emptied', 'replaced']) {
      const name = `${entry} ${how}`;
      if (wanted.test(name)) await t.test(name, (t) => isHandled(t, whole, entry, how));
    }
  }
});
