/**
 * Text that can be written in several ways, in upper and lower case or with composed and decomposed umlauts, and dates
 * that do not exist. The flaws: `?actor=ADMIN` found nothing although names ignore case. A password typed with a
 * decomposed umlaut was refused. 30 February became 2 March.
 */
import { hash } from '@node-rs/argon2';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { cloneOf } from '../helpers/clone.ts';
import { enrolComputer, startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { measurement } from '../helpers/registry.ts';

const lab = await startLab(t);
const { admin, ada, ben, nano } = lab;

const ask = (path: string, token: string, json?: object, method = 'POST') =>
  fetch(`${lab.url}${path}`, {
    ...(json && { method, body: JSON.stringify(json) }),
    headers: {
      authorization: `Bearer ${token}`,
      ...(json && { 'content-type': 'application/json' }),
    },
  });

t.test('names that are unique ignoring case are found ignoring case', async (t) => {
  const pc = await enrolComputer(lab, ada, nano.id, 'LabPC');
  const meter = await ada.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  const { id } = await ada.client.instruments.create({ name: 'M', definition_id: meter.id });
  await ada.client.instruments.bind(id, 'LabPC', { adapter: 'GPIB::1' });
  const clone = await cloneOf(t, lab, 'Meter', ben);
  await clone.commit({ 'a.txt': 'a\n' }, 'Propose');
  t.match(await clone.push('HEAD:refs/for/main'), { code: 0 });

  const totals = async (path: string) => {
    const { total } = (await (await ask(path, admin.token)).json()) as { total: number };
    return total;
  };
  for (const [path, name] of [
    ['/api/audit?actor=', 'ada'],
    ['/api/audit?actor=', 'computer:LabPC'],
    ['/api/users?username=', 'ada'],
    ['/api/merge-requests?author=', 'ben'],
    ['/api/fleet?computer_name=', 'LabPC'],
    ['/api/instruments?computer_name=', 'LabPC'],
    ['/api/computer-bindings?computer_name=', 'LabPC'],
  ] as const) {
    const found = await totals(path + encodeURIComponent(name));
    for (const other of [name.toUpperCase(), name.toLowerCase()]) {
      t.equal(await totals(path + encodeURIComponent(other)), found, `${path}${other}`);
    }
    if (!name.startsWith('computer:')) t.ok(found > 0, path);
  }
  for (const path of [
    '/api/instrument-definitions/by-name/METER',
    '/api/computers/LABPC/bindings',
  ]) {
    t.equal((await ask(path, admin.token)).status, 200, path);
  }
  const list = await pc.client.sync.list({ names: 'sr830,METER' });
  t.match(list.definitions, [{ name: 'Meter' }]);
});

t.test('a password matches however its umlauts are typed', async (t) => {
  const [composed, decomposed] = ['Prüfstand-Größe', 'Prüfstand-Größe'.normalize('NFD')];
  t.not(composed, decomposed);
  const login = (password: string) =>
    createClient({ url: lab.url })
      .login('cleo', password)
      .then(
        () => true,
        () => false,
      );
  for (const set of [composed, decomposed]) {
    await admin.client.users.change(lab.cleo.id, { password: set });
    t.same(
      [await login(composed), await login(decomposed), await login('Pruefstand')],
      [true, true, false],
    );
  }
  // An older registry stored the hash of the password as it was typed, which this row simulates.
  for (const typed of [composed, decomposed]) {
    await lab.deps.store
      .em()
      .execute('update users set password_hash = ? where id = ?', [await hash(typed), lab.cleo.id]);
    t.equal(await login(typed), true);
  }
});

t.test('a computer name matches however its umlauts are written', async (t) => {
  const name = 'Bürotürmchen';
  const pc = await enrolComputer(lab, ada, nano.id, name.normalize('NFD'));
  for (const form of ['NFC', 'NFD']) {
    const path = `/api/fleet?computer_name=${encodeURIComponent(name.normalize(form))}`;
    const answer = await ask(path, ada.token);
    t.match(await answer.json(), { items: [{ id: pc.id, computer_name: name }] }, form);
  }
  const { id } = await ada.client.instruments.create({ name: 'N' });
  const bound = await ada.client.instruments.bind(id, name.normalize('NFD'), { adapter: 'x' });
  t.equal(bound.computer_name, name);
});

t.test('an impossible time is refused everywhere', async (t) => {
  const document = (await (await fetch(`${lab.url}/openapi.json`)).json()) as {
    paths: Record<
      string,
      Record<string, { operationId: string; parameters?: unknown[]; requestBody?: unknown }>
    >;
  };
  const taking = Object.values(document.paths)
    .flatMap((item) => Object.values(item))
    .filter(({ parameters, requestBody }) =>
      JSON.stringify([parameters, requestBody]).includes('"date-time"'),
    )
    .map(({ operationId }) => operationId);
  const { id } = await ada.client.instruments.create({ name: 'T' });
  const pc = await enrolComputer(lab, ada, nano.id, 'LabPC');
  const asks: Record<string, (time: string) => Promise<Response>> = {
    createToken: (expires_at) =>
      ask('/api/tokens', ada.token, { name: 'x', scope: 'read', expires_at }),
    listAuditEvents: (time) =>
      ask(
        `/api/audit?since=${encodeURIComponent(time)}&until=${encodeURIComponent(time)}`,
        ada.token,
      ),
    createBinding: (last_connected) =>
      ask('/api/computer-bindings', ada.token, {
        instrument_id: id,
        computer_name: 'Other',
        last_connected,
      }),
    bindInstrument: (last_connected) =>
      ask(`/api/instruments/${id}/bindings/LabPC`, ada.token, { last_connected }, 'PUT'),
    changeBinding: async (last_connected) => {
      const { id: binding } = await ada.client.instruments.bind(id, 'LabPC', { adapter: 'y' });
      return ask(`/api/computer-bindings/${binding}`, ada.token, { last_connected }, 'PUT');
    },
    bindNewInstrument: (last_connected) =>
      ask('/api/computers/LabPC/bindings', pc.token, { key: 'k', name: 'K', last_connected }),
  };
  for (const name of taking) t.ok(asks[name], `${name} takes a time and is asked here`);
  for (const [name, send] of Object.entries(asks)) {
    for (const time of [
      '2027-02-30T00:00:00Z',
      '2027-13-01T00:00:00Z',
      '2027-01-01T24:00:00Z',
      '2027-01-01T00:00:00',
      '0000-01-01T00:00:00Z',
      '9999-12-31T23:59:59-14:00',
      '2027-01-01T00:00:00+99:99',
    ]) {
      t.equal((await send(time)).status, 422, `${name} ${time}`);
    }
    const answer = await send('2099-02-28t23:59:59.5+14:00');
    t.ok(answer.status < 300, `${name}: a time in any zone is taken (${answer.status})`);
  }
});

t.test('a commit from a year outside ISO 8601 can be shown', async (t) => {
  const clone = await cloneOf(t, lab, 'Meter', ben);
  await clone.git('checkout', '-q', '-b', 'far');
  await clone.commit({ 'far.txt': 'f\n' }, 'From afar');
  await clone.git('commit', '-q', '--amend', '--no-edit', '--date=@99999999999999 +0000');
  const { stderr } = await clone.push('far');
  const [, number = ''] = /Merge request !(\d+)/.exec(stderr) ?? [];
  const page = await ada.client.mergeRequests.read(Number(number));
  t.match(page.commits[0]?.created_at, /^9999-12-31T23:59:59/);
});

t.test('a computer name that looks like another one is refused', async (t) => {
  const make = (computer_name: string) =>
    ada.client.computers.create({ computer_name, lab_id: nano.id });
  await make('PC1');
  for (const name of ['\u0420\u04211', '\uFF30\uFF231', 'P\u04211', 'pc\u0661\u04301']) {
    const { status, errors } = await problemOf(make(name));
    t.match({ status, errors }, { status: 422, errors: [{ path: 'computer_name' }] }, name);
    const { code } = await ada.client.computers.createCode(nano.id);
    const enrol = await ask('/api/computers/enrol', '', { code, computer_name: name });
    t.equal(enrol.status, 422, `${name} cannot be enrolled either`);
  }
  t.match(await make('ЛАБ-1'), { computer_name: 'ЛАБ-1' });
});
