/**
 * Every process keeps rights in memory. Before a request that takes a right away is answered, the right is gone in all
 * processes. The right is also gone if a process receives no notifications, is paused, or was killed.
 */
import { EventEmitter, once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { registry as command, type Server, serve } from '../helpers/command.ts';
import { measurement, type Person, startRegistry, type TestRegistry } from '../helpers/registry.ts';

t.setTimeout(240_000);

const basic = (token: string) => `Basic ${btoa(`git:${token}`)}`;

/** The status of git's first request for a definition. */
async function poll(url: string, name: string, token: string): Promise<number> {
  const address = `${url}/definitions/${name}.git/info/refs?service=git-upload-pack`;
  const answer = await fetch(address, {
    headers: { authorization: basic(token), 'git-protocol': 'version=2' },
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** The status of a request to the API. */
async function read(url: string, id: number, token: string): Promise<number> {
  const answer = await fetch(`${url}/api/instrument-definitions/${id}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function startBoth(t: Test): Promise<{ registry: TestRegistry; second: Server }> {
  const registry = await startRegistry(t, { database: 'PostgreSQL' });
  const second = await serve(registry.settings);
  t.teardown(() => second.signal('SIGKILL'));
  return { registry, second };
}

/** Creates a lab with a private definition. */
async function labOf(admin: Person, code: string, name: string) {
  const lab = await admin.client.labs.create({ name: code, code });
  const { id } = await admin.client.definitions.create({
    name,
    source_code: measurement(name),
    lab_id: lab.id,
    is_public: false,
  });
  return { lab, id };
}

/** Sends requests repeatedly, and notes when each request began that was answered with 200. */
function keepReading(ask: () => Promise<number>) {
  const begun: number[] = [];
  let isOver = false;
  let asked = 0;
  const answers = new EventEmitter();
  const ended = (async () => {
    while (!isOver) {
      const at = performance.now();
      if ((await ask()) === 200) begun.push(at);
      asked += 1;
      answers.emit('answer');
    }
  })();
  return {
    async stop() {
      isOver = true;
      await ended;
    },
    async until(enough: (allowed: number, asked: number) => boolean) {
      while (!enough(begun.length, asked)) await once(answers, 'answer');
    },
    /** The number of allowed requests that began after `time`. */
    allowedAfter: (time: number) => begun.filter((at) => at > time).length,
    asked: () => asked,
  };
}

t.test('no request that begins after a revocation was answered is allowed', async (t) => {
  const { registry, second } = await startBoth(t);
  const { admin } = registry;
  const { lab, id } = await labOf(admin, 'optics', 'Private');
  const urls = [registry.url, second.url];
  const ways: [name: string, revoke: (member: Person, tokenId: number) => Promise<unknown>][] = [
    ['a deleted token', (member, tokenId) => member.client.tokens.remove(tokenId)],
    ['a removed member', (member) => admin.client.labs.removeMember(lab.id, member.id)],
    ['a disabled account', (member) => admin.client.users.remove(member.id)],
    ['a disabled lab', () => admin.client.labs.change(lab.id, { disabled: true })],
  ];
  for (let round = 0; round < 40; round++) {
    const [what, revoke] = ways[round % ways.length] as (typeof ways)[number];
    const member = await registry.person(`member${round}`);
    await admin.client.labs.addMember(lab.id, member.id, 'viewer');
    const { token, id: tokenId } = await member.client.tokens.create({
      name: 'read',
      scope: 'read',
    });
    const readers = [0, 1, 2, 3, 4, 5].map((n) => {
      const url = urls[n % 2] as string;
      return keepReading(() => (n < 4 ? poll(url, 'Private', token) : read(url, id, token)));
    });
    await Promise.all(readers.map((reader) => reader.until((allowed) => allowed >= 3)));
    await revoke(member, tokenId);
    const answered = performance.now();
    await Promise.all(
      readers.map(async (reader) => {
        const before = reader.asked();
        await reader.until((_allowed, asked) => asked >= before + 3);
        await reader.stop();
      }),
    );
    const stale = readers.reduce((sum, reader) => sum + reader.allowedAfter(answered), 0);
    if (stale > 0) t.equal(stale, 0, `round ${round}: ${what} reads nothing more`);
    if (what === 'a disabled lab') await admin.client.labs.change(lab.id, { disabled: false });
  }
  t.pass('40 revocations of four kinds, six readers in two processes');
});

t.test('hiding a definition counts in the other process before it is answered', async (t) => {
  const { registry, second } = await startBoth(t);
  const { admin } = registry;
  const { id } = await labOf(admin, 'optics', 'Shown');
  const stranger = await registry.person('stranger');
  for (let round = 0; round < 10; round++) {
    await admin.client.definitions.change(id, { is_public: true });
    t.equal(await poll(second.url, 'Shown', stranger.token), 200);
    await admin.client.definitions.change(id, { is_public: false });
    t.equal(await poll(second.url, 'Shown', stranger.token), 404, `hidden, round ${round}`);
  }
});

t.test('a bench computer loses its right in the other process too, and at once', async (t) => {
  const { registry, second } = await startBoth(t);
  const { admin, anonymous } = registry;
  const { lab, id } = await labOf(admin, 'optics', 'Tested');
  const enrol = async () => {
    const { code } = await admin.client.computers.createCode(lab.id);
    return await anonymous.computers.enrol({ code, computer_name: 'BENCH-1' });
  };
  let { token } = await enrol();
  const details = { items: [], environment: { python: '3.13.1', packages: {} } };
  const post = async () => {
    const client = createClient({ url: second.url, token });
    return await client.definitions.postResult(id, 1, { state: 'success', details }).then(
      () => 201,
      ({ status }) => status,
    );
  };
  for (let round = 0; round < 3; round++) {
    await admin.client.computers.change('BENCH-1', { is_bench: true });
    t.equal(await post(), 201, `round ${round}`);
    await admin.client.computers.change('BENCH-1', { is_bench: false });
    t.equal(await post(), 403, `round ${round}: the right ended`);
  }
  await admin.client.computers.change('BENCH-1', { is_bench: true });
  t.equal(await post(), 201);
  const again = await enrol();
  t.equal(await post(), 401, 'the old token ended');
  token = again.token;
  t.equal(await post(), 403, 'and the new one has no right');
});

t.test('a paused process delays a revocation, and allows nothing when it continues', async (t) => {
  const { registry, second } = await startBoth(t);
  const { admin } = registry;
  const { lab } = await labOf(admin, 'optics', 'Paused');
  const member = await registry.person('member');
  await admin.client.labs.addMember(lab.id, member.id, 'viewer');
  t.equal(await poll(second.url, 'Paused', member.token), 200);
  t.equal(await poll(second.url, 'Paused', member.token), 200, 'from memory');
  second.signal('SIGSTOP');
  await admin.client.labs.removeMember(lab.id, member.id);
  t.pass('the revocation is answered');
  second.signal('SIGCONT');
  t.equal(await poll(second.url, 'Paused', member.token), 404);
  second.signal('SIGKILL');
  await second.ended;
  await admin.client.labs.addMember(lab.id, member.id, 'viewer');
  t.equal(await poll(registry.url, 'Paused', member.token), 200, 'a killed process delays nobody');
});

t.test('a session that one process ended is invalid at the other', async (t) => {
  const { registry, second } = await startBoth(t);
  const { id } = await labOf(registry.admin, 'optics', 'Session');
  // Both processes use the secret in the data folder.
  const { token } = await createClient({ url: second.url }).login('root', 'password of root');
  t.equal(await read(second.url, id, token), 200);
  t.equal(await read(second.url, id, token), 200, 'from memory');
  await registry.admin.client.users.change(registry.admin.id, {
    password: 'another good password',
  });
  t.equal(await read(second.url, id, token), 401, 'a new password ends all sessions');
});

t.test('before reindex ends, running processes use the rights that it changed', async (t) => {
  const registry = await startRegistry(t, { database: 'PostgreSQL' });
  const { admin, deps } = registry;
  const { lab, id } = await labOf(admin, 'optics', 'Indexed');
  await labOf(admin, 'lasers', 'Gone');
  const stranger = await registry.person('stranger');
  const { store } = deps;
  // The index differs from git, as after a restore of the database alone.
  await store.em().execute('update definitions set is_public = true');
  for (const name of ['Indexed', 'Gone']) {
    t.equal(await poll(registry.url, name, stranger.token), 200);
    t.equal(await poll(registry.url, name, stranger.token), 200, 'from memory');
  }
  await rm(join(registry.settings.DATA_DIR as string, 'repos', 'Gone.git'), { recursive: true });
  t.match(await command(['reindex', '--delete-missing'], registry.settings), {
    code: 0,
    stdout: /Gone/,
  });
  t.equal(await poll(registry.url, 'Indexed', stranger.token), 404);
  t.equal(await poll(registry.url, 'Gone', stranger.token), 404);
  const { items } = await admin.client.audit({ subject_type: 'definition' });
  t.match(
    items.filter(({ action }) => action !== 'definition.landed'),
    [
      { action: 'definition.released', subject: 'Gone', before: { name: 'Gone' } },
      {
        action: 'definition.mended',
        subject: 'Indexed',
        subject_id: id,
        before: { is_public: true, lab_id: lab.id },
        after: { is_public: false, lab_id: lab.id },
      },
    ],
  );
});
