/**
 * Every process answers from memory that a list has not changed. Before the registry answers a change of a list, all
 * processes know of the change. The processes also learn of changes that the audit trail does not record.
 */
import t, { type Test } from 'tap';
import { confirmRestore } from '../../registry/services/backup/confirm.ts';
import { OPERATOR } from '../../registry/services/caller.ts';
import { rotateSigningKey } from '../../registry/services/signing/signing-keys.ts';
import { serve } from '../helpers/command.ts';
import { enrolComputer, startLab, type TestLab } from '../helpers/lab.ts';
import { type DatabaseKind, measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

/** Statements about the process itself and not about the request. */
const BESIDE = /followers|last_used_at|last_seen/;

interface Answer {
  status: number;
  etag: string;
  headers: Record<string, string>;
}

async function poll(url: string, token: string, etag?: string): Promise<Answer> {
  const answer = await fetch(`${url}/api/sync`, {
    headers: { authorization: `Bearer ${token}`, ...(etag && { 'if-none-match': etag }) },
  });
  await answer.arrayBuffer();
  const { date: _, 'x-request-id': _id, ...headers } = Object.fromEntries(answer.headers);
  return { status: answer.status, etag: headers.etag ?? '', headers };
}

const hits = ({ deps }: TestLab): number =>
  deps.caches.state.find(({ name }) => name === 'sync_unchanged')?.hits ?? 0;

/**
 * Polls until the answer comes from memory. The first requests only make the process follow the changes of the list.
 */
async function warm(lab: TestLab, token: string): Promise<string> {
  const { etag } = await poll(lab.url, token);
  for (const before = hits(lab); hits(lab) === before; ) await poll(lab.url, token, etag);
  return etag;
}

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  await t.test(database, (t) => story(t, database));
}

async function story(t: Test, database: DatabaseKind): Promise<void> {
  const statements: string[] = [];
  const lab = await startLab(t, { database, debug: (sql) => statements.push(sql) });
  const { ada, dan, nano, other, deps } = lab;
  const { definitions, instruments, computers, labs } = ada.client;
  const pc = await enrolComputer(lab, ada, nano.id, 'LABPC-01');
  const second = await enrolComputer(lab, ada, nano.id, 'LABPC-02');
  const cold = await enrolComputer(lab, dan, other.id, 'COLD-01');
  const create = async (by: typeof ada, name: string, fields = {}) =>
    (await by.client.definitions.create({ name, source_code: measurement(name), ...fields })).id;
  const meter = await create(ada, 'Meter');
  const shared = await create(dan, 'Shared', { is_public: true });
  const main = await instruments.create({ name: 'Main', definition_id: meter });
  await instruments.bind(main.id, 'LABPC-01', { adapter: 'GPIB::8' });

  await t.test('an unchanged list costs no query', async (t) => {
    const etag = await warm(lab, pc.token);
    statements.length = 0;
    for (let i = 0; i < 50; i++) await poll(lab.url, pc.token, etag);
    t.same(
      statements.filter((sql) => !BESIDE.test(sql)),
      [],
    );
  });

  await t.test('the answer from memory equals the answer of the route', async (t) => {
    const etag = await warm(lab, pc.token);
    const before = hits(lab);
    const kept = await poll(lab.url, pc.token, etag);
    t.equal(hits(lab), before + 1);
    // A request with two ETags is not answered from memory, but by the route.
    const { status, headers } = await poll(lab.url, pc.token, `"x", ${etag}`);
    t.equal(status, 304);
    t.same(kept.headers, headers);
  });

  await t.test('changes that concern others do not drop a cached list', async (t) => {
    const etag = await warm(lab, pc.token);
    statements.length = 0;
    await create(dan, 'Theirs');
    await pc.client.sync.report({ installed: { Meter: 1 } });
    await computers.change(second.id, { nickname: 'Bench' });
    const before = statements.length;
    t.equal((await poll(lab.url, pc.token, etag)).status, 304);
    t.equal(statements.slice(before).filter((sql) => /sync_stamps/.test(sql)).length, 0);
  });

  await t.test('another computer, caller or request does not get the cached answer', async (t) => {
    const etag = await warm(lab, pc.token);
    t.equal((await poll(lab.url, second.token, etag)).status, 200);
    t.equal((await poll(lab.url, cold.token, etag)).status, 200);
    t.equal((await poll(lab.url, ada.token, etag)).status, 403);
    t.equal((await poll(lab.url, 'pbc_wrong', etag)).status, 401);
  });

  // The embedded database allows only one process, so only PostgreSQL has a second server.
  const server = database === 'PostgreSQL' ? await serve(lab.settings) : undefined;
  if (server) t.teardown(() => server.signal('SIGKILL'));
  const url = server?.url ?? lab.url;
  const bind = (body: object) => instruments.bind(main.id, 'LABPC-01', body);
  let gain = 1;
  const own = pc.client.instruments;
  const changes: [what: string, change: () => Promise<unknown>][] = [
    ['a landing', () => definitions.change(meter, { source_code: measurement('Meter', ++gain) })],
    [
      'a landing of a public one',
      async () => {
        await bind({ adapter: `GPIB::${++gain}` });
        const source_code = measurement('Shared', ++gain);
        await dan.client.definitions.change(shared, { source_code });
      },
    ],
    [
      'settings that the computer reports',
      () => own.bind(main.id, 'LABPC-01', { last_settings: { gain: ++gain } }),
    ],
    ['settings by an admin', () => bind({ last_settings: { gain: ++gain } })],
    ['a pin', () => instruments.change(main.id, { pinned_version: 1 })],
    ['no pin', () => instruments.change(main.id, { pinned_version: null })],
    ['a revocation', () => definitions.revoke(meter, 1, 'burns')],
    ['reinstated', () => definitions.reinstate(meter, 1, 'does not')],
    ['the policy', () => labs.change(nano.id, { allowed_imports: [`ctypes${++gain}`] })],
    ['the computer', () => computers.change(pc.id, { location: `Room ${++gain}` })],
    ['an instrument of the lab', () => instruments.create({ name: `More ${++gain}` })],
  ];

  await t.test('another process knows of every change before the change is answered', async (t) => {
    for (let round = 0; round < 3; round++) {
      for (const [what, change] of changes) {
        const { etag } = await poll(url, pc.token);
        for (let i = 0; i < 3; i++) await poll(url, pc.token, etag);
        await change();
        t.equal((await poll(url, pc.token, etag)).status, 200, what);
      }
    }
  });

  await t.test('a confirmed restore and a new signing key change the statement', async (t) => {
    const statement = async () => {
      const { etag } = await poll(url, pc.token);
      for (let i = 0; i < 3; i++) await poll(url, pc.token, etag);
      return async () => (await poll(url, pc.token, etag)).headers['sync-statement'];
    };
    for (const change of [
      () => confirmRestore(deps, OPERATOR, 'Ada'),
      () => rotateSigningKey(deps, OPERATOR),
    ]) {
      const read = await statement();
      const before = await read();
      t.equal(await read(), before);
      await change();
      t.not(await read(), before);
    }
  });

  await t.test('the removal of a computer and a new token take effect at once', async (t) => {
    const etag = (await poll(url, second.token)).etag;
    for (let i = 0; i < 3; i++) await poll(url, second.token, etag);
    await computers.remove(second.id);
    t.equal((await poll(url, second.token, etag)).status, 401);
  });

  await t.test('a transaction without an audit entry updates decisions from memory', async (t) => {
    const address = `${lab.gitUrl('Meter')}/info/refs?service=git-receive-pack`;
    const push = () =>
      fetch(address, { headers: { authorization: `Basic ${btoa(`git:${ada.token}`)}` } });
    t.equal((await push()).status, 200);
    for (const archived of ['now()', 'null']) {
      await deps.store.transaction(async (em) => {
        await em.execute(`update definitions set archived_at = ${archived} where name = 'Meter'`);
      });
      // The change is not delayed until processes know of it, so the test tries until they do.
      while ((await push()).status !== (archived === 'null' ? 200 : 403));
    }
  });

  await t.test('a change by SQL is noticed', async () => {
    const { etag } = await poll(url, pc.token);
    for (let i = 0; i < 3; i++) await poll(url, pc.token, etag);
    await deps.store
      .em()
      .execute(`update instruments set name = 'By hand' where id = ?`, [main.id]);
    // The change is not delayed until processes know of it, so the test tries until they do.
    while ((await poll(url, pc.token, etag)).status !== 200);
  });
}
