/** Reading by git (docs/contract.md, section 4): who can read which repository, and which errors others get. */
import { request } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { hashToken } from '../../registry/services/people/secrets.ts';
import { createToken } from '../../registry/store/tokens.ts';
import { git, gitResult } from '../helpers/git.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

let lab: TestLab;
t.before(async () => {
  lab = await startLab(t);
  const { ada, admin } = lab;
  await ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  await ada.client.definitions.create({
    name: 'Shared',
    source_code: measurement('Shared'),
    is_public: true,
  });
  const old = await admin.client.definitions.create({
    name: 'Retired',
    source_code: measurement('Retired'),
    lab_id: lab.nano.id,
  });
  await ada.client.definitions.archive(old.id);
});

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

const ADVERTISE = 'info/refs?service=git-upload-pack';
const basic = (token: string, username = 'git') => ({
  authorization: `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}`,
});

/** Sends the exact path, which `fetch` would normalize. Removes `Date` from the answer. */
function ask(
  path: string,
  headers: Record<string, string> = {},
  { method = 'GET', url = lab.url, body = '' } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        const { date: _, 'x-request-id': _id, ...rest } = response.headers;
        resolve({ status: response.statusCode ?? 0, headers: rest, body: text });
      });
    });
    asked.on('error', reject).end(body);
  });
}

const fetchBody = '0000';
const post = (path: string, headers: Record<string, string>, service = 'git-upload-pack') =>
  ask(
    `/definitions/${path}/${service}`,
    {
      'content-type': `application/x-${service}-request`,
      ...headers,
    },
    { method: 'POST', body: fetchBody },
  );

t.test('a token clones and fetches with any username', async (t) => {
  for (const username of ['git', 'ada', 'x-access-token', 'ümlaut']) {
    const url = new URL(lab.gitUrl('Meter', lab.cleo.token));
    url.username = username;
    const clone = join(t.testdir(), 'clone');
    await git(['clone', '-q', url.href, clone]);
    await git(['fetch', '--tags', 'origin'], { cwd: clone });
    t.equal((await git(['tag'], { cwd: clone })).trim(), 'v1', username);
  }
});

t.test('shallow, partial, single-branch and mirror clones work', async (t) => {
  const { ada } = lab;
  const made = await ada.client.definitions.byName('Meter');
  await ada.client.definitions.change(made.id, { category: 'Meters' });
  const url = lab.gitUrl('Meter', ada.token);
  for (const way of ['--depth=1', '--filter=blob:none', '--single-branch', '--mirror']) {
    for (const version of ['0', '1', '2']) {
      const clone = join(t.testdir(), 'clone');
      await git(['-c', `protocol.version=${version}`, 'clone', '-q', way, url, clone]);
      const count = (await git(['rev-list', '--count', 'main'], { cwd: clone })).trim();
      t.equal(count, way === '--depth=1' ? '1' : '2', `${way}, protocol ${version}`);
    }
  }
});

t.test('without valid credentials the answer is 401 and asks for Basic', async (t) => {
  const { admin, person, deps } = lab;
  const gone = await person('gone');
  await admin.client.labs.addMember(lab.nano.id, gone.id, 'admin');
  const deleted = await gone.client.tokens.create({ name: 'to delete', scope: 'write' });
  await gone.client.tokens.remove(deleted.id);
  const expired = `pbr_${'e'.repeat(43)}`;
  await createToken(deps.store.em(), {
    user_id: gone.id,
    name: 'expired',
    scope: 'write',
    hash: hashToken(expired),
    hint: 'pbr_eeee',
    expires_at: new Date(Date.now() - 1000),
  });
  const path = `/definitions/Meter.git/${ADVERTISE}`;
  t.equal((await ask(path, basic(gone.token))).status, 200, 'before the account is disabled');
  await admin.client.users.change(gone.id, { disabled: true });

  const bad: Record<string, Record<string, string>> = {
    'no credentials': {},
    'a made-up token': basic(`pbr_${'x'.repeat(43)}`),
    'the password instead of a token': basic('password of ada', 'ada'),
    'an expired token': basic(expired),
    'a deleted token': basic(deleted.token),
    'the token of a disabled account': basic(gone.token),
    'an empty password': basic(''),
    'a header that is not Basic': { authorization: `Bearer ${lab.ada.token}x` },
    'a header that is not base64': { authorization: 'Basic ***' },
  };
  for (const [what, headers] of Object.entries(bad)) {
    for (const answer of [
      await ask(path, headers),
      await ask(`/definitions/Absent.git/${ADVERTISE}`, headers),
      await post('Meter.git', headers),
      await post('Meter.git', headers, 'git-receive-pack'),
    ]) {
      t.equal(answer.status, 401, what);
      t.match(answer.headers['www-authenticate'], /^Basic realm=/, what);
    }
  }
  const { stderr } = await gitResult(['ls-remote', lab.gitUrl('Meter', 'wrong')]);
  t.match(stderr, /Authentication failed|could not read Password/i);
});

t.test('a forbidden repository answers exactly as an absent one', async (t) => {
  const outsider = basic(lab.dan.token);
  for (const service of ['git-upload-pack', 'git-receive-pack']) {
    const forbidden = await ask(`/definitions/Meter.git/info/refs?service=${service}`, outsider);
    const absent = await ask(`/definitions/Mater.git/info/refs?service=${service}`, outsider);
    t.equal(forbidden.status, 404);
    t.same(forbidden, absent, `GET for ${service}`);
    const forbiddenPost = await post('Meter.git', outsider, service);
    t.equal(forbiddenPost.status, 404, 'POST is authorized separately');
    t.same(forbiddenPost, await post('Mater.git', outsider, service));
  }
  const otherCase = await ask(`/definitions/METER.git/${ADVERTISE}`, basic(lab.ada.token));
  t.same(otherCase, await ask(`/definitions/MATER.git/${ADVERTISE}`, basic(lab.ada.token)));
});

t.test('only the exact paths of the smart protocol are served', async (t) => {
  const paths = [
    'Meter.git',
    'Meter.git/',
    'Meter.git/HEAD',
    'Meter.git/config',
    'Meter.git/packed-refs',
    'Meter.git/objects/info/packs',
    'Meter.git/objects/00/00000000000000000000000000000000000000',
    'Meter.git/info/refs',
    'Meter.git/info/refs?service=',
    'Meter.git/info/refs?service=git-upload-archive',
    'Meter.git%2finfo/refs?service=git-upload-pack',
    'Meter%2egit/info/refs?service=git-upload-pack',
    'Mete%72.git/info/refs?service=git-upload-pack',
    './Meter.git/info/refs?service=git-upload-pack',
    '../definitions/Meter.git/info/refs?service=git-upload-pack',
    'x/../Meter.git/info/refs?service=git-upload-pack',
    '..%2fMeter.git/info/refs?service=git-upload-pack',
    '%2e%2e/Meter.git/info/refs?service=git-upload-pack',
    '/Meter.git/info/refs?service=git-upload-pack',
    'Meter.git/info/refs/?service=git-upload-pack',
    'Meter.git/../Meter.git/info/refs?service=git-upload-pack',
    'Meter.git%00/info/refs?service=git-upload-pack',
    '.workshop.git/info/refs?service=git-upload-pack',
    'Meter.git/%zz',
  ];
  for (const path of paths) {
    const { status, body } = await ask(`/definitions/${path}`, basic(lab.ada.token));
    t.ok(status === 404 || status === 400, `${path}: ${status}`);
    t.notMatch(body, /refs\/heads|ref: /, path);
  }
  const { ada } = lab;
  t.equal((await ask(`/definitions/Meter.git/git-upload-pack`, basic(ada.token))).status, 404);
});

t.test('a POST of another content type is refused with 415', async (t) => {
  const headers = { ...basic(lab.ada.token), 'content-type': 'application/json' };
  t.equal((await post('Meter.git', headers)).status, 415);
  t.equal((await post('Meter.git', headers, 'git-receive-pack')).status, 415);
});

t.test(
  'a token of scope read can clone, and a push with it says which scope it needs',
  async (t) => {
    const { token } = await lab.ada.client.tokens.create({ name: 'reader', scope: 'read' });
    const clone = join(t.testdir(), 'clone');
    await git(['clone', '-q', lab.gitUrl('Meter', token), clone]);
    await git(['rm', '-q', '--cached', 'Meter.py'], { cwd: clone });
    await git(['commit', '-qm', 'Nothing left'], { cwd: clone });
    const refused = await gitResult(['push', 'origin', 'HEAD:main'], { cwd: clone });
    t.not(refused.code, 0);
    t.match(refused.stderr, /remote: .*scope "read", but "write" is needed/);
  },
);

t.test('its lab can clone an archived definition, and nobody can push to it', async (t) => {
  const clone = join(t.testdir(), 'clone');
  await git(['clone', '-q', lab.gitUrl('Retired', lab.ada.token), clone]);
  await git(['commit', '-q', '--allow-empty', '-m', 'More'], { cwd: clone });
  const refused = await gitResult(['push', 'origin', 'HEAD:main'], { cwd: clone });
  t.match(refused.stderr, /remote: The definition is archived\. .* unarchive the definition first/);
  t.match(refused.stderr, /remote: The definition is archived/);
});

t.test('everybody who is signed in can clone public definitions', async (t) => {
  t.match(await git(['ls-remote', lab.gitUrl('Shared', lab.dan.token)]), /refs\/heads\/main/);
  const answer = await ask(`/definitions/Shared.git/${ADVERTISE}`);
  t.equal(answer.status, 401, 'nobody else can while ANONYMOUS_READ is off');
});

t.test(
  'with ANONYMOUS_READ only public definitions can be cloned without credentials',
  async (t) => {
    const open = await startLab(t, { environment: { ANONYMOUS_READ: 'true' } });
    for (const [name, is_public] of [
      ['Shared', true],
      ['Meter', false],
    ] as const) {
      await open.ada.client.definitions.create({ name, is_public, source_code: measurement(name) });
    }
    const clone = join(t.testdir(), 'clone');
    await git(['clone', '-q', open.gitUrl('Shared'), clone]);
    await git(['commit', '-q', '--allow-empty', '-m', 'More'], { cwd: clone });
    const pushed = await gitResult(['push', 'origin', 'HEAD:main'], { cwd: clone });
    t.match(pushed.stderr, /could not read Username|Authentication failed/i);

    // git sends its credentials only after a 401. Paths that are not public must therefore answer 401.
    const at = (name: string) =>
      ask(`/definitions/${name}.git/${ADVERTISE}`, {}, { url: open.url });
    const hidden = await at('Meter');
    t.equal(hidden.status, 401);
    t.same(hidden, await at('Mater'), 'the answers for hidden and absent are equal');
    t.match(await git(['ls-remote', open.gitUrl('Meter', open.cleo.token)]), /refs\/heads\/main/);
  },
);

t.test('the registry’s own refs are advertised to nobody', async (t) => {
  for (const version of ['0', '2']) {
    const listing = await git([
      '-c',
      `protocol.version=${version}`,
      'ls-remote',
      lab.gitUrl('Meter', lab.admin.token),
    ]);
    t.notMatch(listing, /refs\/registry/);
    const fetched = await gitResult(
      [
        '-c',
        `protocol.version=${version}`,
        'fetch',
        lab.gitUrl('Meter', lab.admin.token),
        'refs/registry/state',
      ],
      { cwd: lab.dataDir },
    );
    t.not(fetched.code, 0);
  }
});

/*
 * The flaw: a reader who pushed was refused only after sending the whole pack. Now the first request of a push, which
 * asks for the refs, is refused. A client that posts a push without asking for the refs gets the same answer.
 */
t.test('a reader who pushes is refused before anything is sent', async (t) => {
  const refs = 'info/refs?service=git-receive-pack';
  const answers = async (name: string, headers: Record<string, string>) => [
    await ask(`/definitions/${name}.git/${refs}`, headers),
    await post(`${name}.git`, headers, 'git-receive-pack'),
  ];
  for (const { status, headers, body } of [
    ...(await answers('Meter', basic(lab.cleo.token))),
    ...(await answers('Shared', basic(lab.dan.token))),
  ]) {
    t.equal(status, 403);
    t.match(headers, { 'content-type': /^text\/plain/ });
    t.match(body, /lab/);
  }
  for (const { body } of await answers('Shared', basic(lab.dan.token)))
    t.match(body, /\bShared_Cold is available\b/, 'the message suggests a free name');
  for (const { body } of await answers('Meter', basic(lab.cleo.token)))
    t.notMatch(
      body,
      /is available/,
      'it suggests none in the same lab, nor where the caller cannot create definitions',
    );
  for (const { status } of await answers('Meter', basic(lab.ben.token))) t.equal(status, 200);
  for (const { status } of await answers('Shared', {})) t.equal(status, 401);
  for (const { status } of await answers('Meter', basic(lab.dan.token))) t.equal(status, 404);

  const cwd = join(t.testdir(), 'clone');
  await git(['clone', '-q', lab.gitUrl('Meter', lab.cleo.token), cwd]);
  const push = ['push', lab.gitUrl('Meter', lab.cleo.token), 'HEAD:refs/heads/x'];
  t.match((await gitResult(push, { cwd })).stderr, /^remote: .*lab/m);
});
