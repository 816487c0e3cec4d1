/**
 * The audit trail is complete. Every writing operation of the API document is listed here with a successful request,
 * and each adds an entry. This test fails if a new operation is missing from the list. The return from single sign-on
 * is the only GET that writes, and has its own test.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import t from 'tap';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { appendAudit } from '../../registry/store/audit.ts';
import { someCaches } from '../helpers/caches.ts';
import { onEachDatabase } from '../helpers/databases.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';
import { operationsOf } from './openapi.ts';

let lab: TestLab;
t.before(async () => {
  lab = await startLab(t);
});

/** The ids for the requests below. The requests set these ids as they become known. */
const ids: Record<string, unknown> = {};
const D = '/api/instrument-definitions';
const source_code = measurement('Meter');

/** Requests in an order in which each one can succeed: caller, path, body, and the action in the audit trail. */
const WRITES: Record<
  string,
  () => [who: 'root' | 'ada', path: string, body: object, action: string]
> = {
  signIn: () => [
    'ada',
    '/api/auth/login',
    { username: 'ada', password: 'password of ada' },
    'session.started',
  ],
  signOut: () => ['ada', '/api/auth/logout', {}, 'session.ended'],
  createUser: () => [
    'root',
    '/api/users',
    { username: 'eva', password: 'password of eva', name: 'Eva', email: 'eva@lab.example' },
    'user.created',
  ],
  changeUser: () => ['root', `/api/users/${ids.createUser}`, { name: 'Eve' }, 'user.changed'],
  createLab: () => ['root', '/api/labs', { name: 'Third', code: 'third' }, 'lab.created'],
  changeLab: () => ['root', `/api/labs/${ids.createLab}`, { name: 'Four' }, 'lab.changed'],
  addMember: () => [
    'root',
    `/api/labs/${ids.createLab}/members`,
    { user_id: ids.createUser, role: 'viewer' },
    'member.added',
  ],
  changeMember: () => [
    'root',
    `/api/labs/${ids.createLab}/members/${ids.createUser}`,
    { role: 'admin' },
    'member.changed',
  ],
  removeMember: () => [
    'root',
    `/api/labs/${ids.createLab}/members/${ids.createUser}`,
    {},
    'member.removed',
  ],
  removeLab: () => ['root', `/api/labs/${ids.createLab}`, {}, 'lab.deleted'],
  removeUser: () => ['root', `/api/users/${ids.createUser}`, {}, 'user.changed'],
  createToken: () => ['ada', '/api/tokens', { name: 'ci', scope: 'read' }, 'token.created'],
  deleteToken: () => ['ada', `/api/tokens/${ids.createToken}`, {}, 'token.deleted'],
  createDefinition: () => ['ada', D, { name: 'Meter', source_code }, 'definition.landed'],
  changeDefinition: () => [
    'ada',
    `${D}/${ids.createDefinition}`,
    { category: 'Meters' },
    'definition.landed',
  ],
  rollBackDefinition: () => [
    'ada',
    `${D}/${ids.createDefinition}/rollback`,
    { version: 1, reason: 'back' },
    'definition.landed',
  ],
  ...verdict('deprecate', 'version.deprecated'),
  ...verdict('revoke', 'version.revoked'),
  ...verdict('reinstate', 'version.reinstated'),
  createInstrument: () => [
    'ada',
    '/api/instruments',
    { name: 'Meter one', lab_id: lab.nano.id, definition_id: ids.createDefinition },
    'instrument.created',
  ],
  changeInstrument: () => [
    'ada',
    `/api/instruments/${ids.createInstrument}`,
    { location: 'Room 2' },
    'instrument.changed',
  ],
  createComputer: () => [
    'ada',
    '/api/computers',
    { computer_name: 'LAB-1', lab_id: lab.nano.id },
    'computer.created',
  ],
  changeComputer: () => [
    'ada',
    `/api/computers/${ids.createComputer}`,
    { nickname: 'by the window' },
    'computer.changed',
  ],
  bindInstrument: () => [
    'ada',
    `/api/instruments/${ids.createInstrument}/bindings/LAB-1`,
    { adapter: 'GPIB::8::INSTR' },
    'binding.created',
  ],
  changeBinding: () => [
    'ada',
    `/api/computer-bindings/${ids.bindInstrument}`,
    { adapter: 'GPIB::9::INSTR' },
    'binding.changed',
  ],
  removeBinding: () => [
    'ada',
    `/api/computer-bindings/${ids.bindInstrument}`,
    {},
    'binding.deleted',
  ],
  createBinding: () => [
    'ada',
    '/api/computer-bindings',
    { instrument_id: ids.createInstrument, computer_name: 'LAB-1' },
    'binding.created',
  ],
  bindNewInstrument: () => [
    'ada',
    '/api/computers/LAB-1/bindings',
    { key: 'one', name: 'Meter two', definition_id: ids.createDefinition },
    'binding.created',
  ],
  removeInstrument: () => [
    'ada',
    `/api/instruments/${ids.createInstrument}`,
    {},
    'instrument.deleted',
  ],
  removeComputer: () => ['ada', `/api/computers/${ids.createComputer}`, {}, 'computer.deleted'],
  createEnrolmentCode: () => [
    'ada',
    '/api/computers/enrolment-codes',
    { lab_id: lab.nano.id },
    'enrolment_code.created',
  ],
  archiveDefinition: () => ['ada', `${D}/${ids.createDefinition}`, {}, 'definition.archived'],
  restoreDefinition: () => [
    'ada',
    `${D}/${ids.createDefinition}/restore`,
    {},
    'definition.restored',
  ],
};

function verdict(verb: string, action: string): typeof WRITES {
  return {
    [`${verb}Version`]: () => [
      'ada',
      `${D}/${ids.createDefinition}/versions/1/${verb}`,
      { reason: 'so it is' },
      action,
    ],
  };
}

/** Operations on a merge request, in the order of its life, with their actions in the audit trail. */
const IN_REVIEW: [operation: string, action: string][] = [
  ['changeMergeRequest', 'edited'],
  ['comment', 'commented'],
  ['closeMergeRequest', 'closed'],
  ['reopenMergeRequest', 'reopened'],
  ['rebase', 'updated'],
  ['postCheck', 'checked'],
  ['review', 'reviewed'],
  ['merge', 'merged'],
];
/** Operations that a computer performs, not a person. They are tested below. */
const BY_COMPUTERS = ['enrol'];
/** Operations that write nothing although their method is not GET. */
const NO_WRITES = {
  readHistories: 'sends a history, as git does',
  reportSync: 'stores telemetry, which is not audited',
  postTestResult: 'stores telemetry, which is not audited',
  linkSingleSignOn: 'stores nothing until the browser returns from the provider',
  validateSource: 'reports the errors of a text and stores nothing',
  validateDefinition: 'reports the errors of a text and stores nothing',
};

t.test('every write leaves an audit entry with actor and address', async (t) => {
  const writing = (await operationsOf(lab.url)).filter(({ method }) => method !== 'GET');
  t.same(
    writing.map(({ operationId }) => operationId ?? '').sort(),
    [
      ...Object.keys(WRITES),
      ...IN_REVIEW.map(([operation]) => operation),
      ...BY_COMPUTERS,
      ...Object.keys(NO_WRITES),
    ].sort(),
    'every operation is listed above',
  );
  const newest = async () => (await lab.admin.client.audit({ per_page: 1 })).items[0];
  let session = '';
  for (const [operationId, asked] of Object.entries(WRITES)) {
    const before = (await newest())?.id ?? 0;
    const [who, path, body, action] = asked();
    const token =
      operationId === 'signOut' ? session : (who === 'root' ? lab.admin : lab.ada).token;
    const method = writing.find((operation) => operation.operationId === operationId)?.method ?? '';
    const response = await fetch(lab.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(Object.keys(body).length > 0 && { 'content-type': 'application/json' }),
      },
      ...(Object.keys(body).length > 0 && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    t.ok(response.ok, `${operationId}: ${response.status} ${response.ok ? '' : text}`);
    const answer = text ? (JSON.parse(text) as { id?: number; token?: string }) : {};
    ids[operationId] = answer.id;
    if (operationId === 'signIn') session = answer.token ?? '';
    const entry = await newest();
    t.equal((entry?.id ?? 0) > before, true, operationId);
    const signed = operationId.startsWith('sign');
    t.match(
      entry,
      { action, actor: who, address: '127.0.0.1', token_name: signed ? null : 'test' },
      operationId,
    );
  }
});

t.test('enrolling a computer leaves an audit entry', async (t) => {
  const { code } = await lab.ada.client.computers.createCode(lab.nano.id);
  const response = await fetch(`${lab.url}/api/computers/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      code,
      computer_name: 'LAB-2',
      computer_id: '7',
      username: 'ada',
      os: 'x',
    }),
  });
  t.equal(response.status, 201);
  const [entry] = (await lab.admin.client.audit({ per_page: 1 })).items;
  t.match(entry, { action: 'computer.enrolled', address: '127.0.0.1' });
  t.notMatch(JSON.stringify(entry), ((await response.json()) as { token: string }).token);
});

t.test('every step of a merge request leaves an audit entry', async (t) => {
  const made = await lab.ada.client.definitions.create({
    name: 'Reviewed',
    source_code: source_code.replaceAll('Meter', 'Reviewed'),
  });
  const ask = async (who: typeof lab.ada, method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${who.token}` };
    const json = body && { 'content-type': 'application/json' };
    const response = await fetch(lab.url + path, {
      method,
      headers: { ...headers, ...json },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    t.ok(response.ok, `${method} ${path}: ${response.status} ${response.ok ? '' : text}`);
    return JSON.parse(text) as { head: string; merge_request: { id: number } };
  };
  const saved = await ask(lab.ben, 'PUT', `${D}/${made.id}`, { category: 'Meters' });
  const one = `/api/merge-requests/${saved.merge_request.id}`;
  await lab.ada.client.definitions.change(made.id, { files: { 'notes.txt': 'x' } });
  const head = async () => (await ask(lab.ada, 'GET', one)).head;
  const steps: Record<string, () => Promise<unknown>> = {
    changeMergeRequest: () => ask(lab.ada, 'PUT', one, { title: 'Another' }),
    comment: () => ask(lab.ada, 'POST', `${one}/comments`, { body: 'Why?' }),
    closeMergeRequest: () => ask(lab.ada, 'POST', `${one}/close`),
    reopenMergeRequest: () => ask(lab.ada, 'POST', `${one}/reopen`),
    rebase: () => ask(lab.ben, 'POST', `${one}/rebase`, {}),
    postCheck: async () =>
      ask(lab.ada, 'POST', `${one}/checks`, { name: 'ci', state: 'success', head: await head() }),
    review: async () =>
      ask(lab.ada, 'POST', `${one}/reviews`, { verdict: 'approve', head: await head() }),
    merge: async () => ask(lab.ada, 'POST', `${one}/merge`, { head: await head() }),
  };
  for (const [operation, what] of IN_REVIEW) {
    await steps[operation]?.();
    const action = `merge_request.${what}`;
    const { items } = await lab.admin.client.audit({ per_page: 1 });
    const actor = operation === 'rebase' ? 'ben' : 'ada';
    t.match(items[0], { action, actor, address: '127.0.0.1', token_name: 'test' }, operation);
  }
});

const lines = async (query: string, token: string) => {
  const response = await fetch(`${lab.url}/api/audit${query}`, {
    headers: { accept: 'application/x-ndjson', authorization: `Bearer ${token}` },
  });
  t.match(response.headers.get('content-type'), /^application\/x-ndjson/);
  const text = await response.text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
};

t.test(
  'the trail is exported as JSON lines, oldest first, limited to what the caller may read',
  async (t) => {
    const listed = await lab.admin.client.audit({ per_page: 500 });
    t.same(await lines('', lab.admin.token), listed.items.toReversed());
    const own = await lines('', lab.ada.token);
    t.ok(own.length > 0 && own.every(({ lab_id }) => lab_id === lab.nano.id));
    t.same(await lines(`?lab_id=${lab.other.id}`, lab.ada.token), []);
    const landed = await lines('?action=definition.landed&actor=ada', lab.admin.token);
    t.ok(landed.length > 0 && landed.every(({ action }) => action === 'definition.landed'));
    const refused = await fetch(`${lab.url}/api/audit`, {
      headers: { accept: 'application/x-ndjson', authorization: `Bearer ${lab.ben.token}` },
    });
    t.equal(refused.status, 403);
    const link = await fetch(`${lab.url}/api/audit?actor=ada&format=jsonl`, {
      headers: { authorization: `Bearer ${lab.admin.token}` },
    });
    t.match(link.headers.get('content-disposition'), /^attachment; filename="audit\.jsonl"/);
    t.equal(
      (await link.text()).trimEnd().split('\n').length,
      (await lab.admin.client.audit({ actor: 'ada' })).total,
      'a link cannot set Accept; its parameter gives the same export as a file',
    );
    const unknown = await fetch(`${lab.url}/api/audit?format=xml`, {
      headers: { authorization: `Bearer ${lab.admin.token}` },
    });
    t.equal(unknown.status, 422);
  },
);

t.test('an unread export blocks nobody and is complete when it is read', async (t) => {
  const { store } = lab.deps;
  const after = 'x'.repeat(1_000_000);
  await store.transaction(async (em) => {
    for (let i = 0; i < 40; i++) {
      await appendAudit(em, {
        actor_id: null,
        actor: 'big',
        action: 'session.started',
        subject_type: 'test',
        subject_id: i,
        subject: '',
        lab_id: null,
        after,
        address: null,
        token_name: null,
      });
    }
  });
  const asked = request(`${lab.url}/api/audit?actor=big`, {
    headers: { accept: 'application/x-ndjson', authorization: `Bearer ${lab.admin.token}` },
  });
  asked.end();
  const [response] = await once(asked, 'response');
  const waiting = await lab.admin.client.audit({ per_page: 1 });
  t.equal(waiting.items.length, 1, 'other requests are still answered');
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  t.ok(bytes > 40_000_000);
});

await onEachDatabase(t, 'fsck names the audit entry that was changed', async (t, store) => {
  const { repositories, signingKeys, analysis } = lab.deps;
  const noNames = async () => [];
  const none = { ...repositories, list: noNames, journaled: noNames, abandonedEntries: noNames };
  const append = () =>
    store.transaction((em) =>
      appendAudit(em, {
        actor_id: null,
        actor: 'ada',
        action: 'lab.changed',
        subject_type: 'lab',
        subject_id: 1,
        subject: 'nano',
        lab_id: 1,
        address: null,
        token_name: null,
      }),
    );
  const { id } = await append();
  await append();
  const deps = { store, repositories: none as never, caches: someCaches(), signingKeys, analysis };
  t.same((await fsck(deps)).problems, []);
  const em = store.em();
  await em.execute('alter table audit_events disable trigger user');
  await em.execute("update audit_events set actor = 'eve' where id = ?", [id]);
  await em.execute('alter table audit_events enable trigger user');
  t.match((await fsck(deps)).problems, [
    { where: 'audit trail', problem: new RegExp(`entry ${id} `) },
  ]);
});
