/**
 * Answers to git that come from memory equal those of the route, and are never used after a change that makes them
 * wrong.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { writeCommandRequest } from '../../repos/wire/command-request.ts';
import { FLUSH, textPacket, writePackets } from '../../repos/wire/pkt-line.ts';
import { serve } from '../helpers/command.ts';
import { gitResult } from '../helpers/git.ts';
import { measurement, startRegistry, type TestRegistry } from '../helpers/registry.ts';

t.setTimeout(240_000);

interface Asked {
  what: string;
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: Buffer;
}
interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const agent = new Agent({ keepAlive: true });
t.teardown(() => agent.destroy());

async function ask(url: string, token: string, asked: Asked): Promise<Answer> {
  const authorization = `Basic ${btoa(`git:${token}`)}`;
  const sent = request(url + asked.path, {
    agent,
    method: asked.method ?? 'GET',
    headers: { authorization, ...asked.headers },
  });
  sent.end(asked.body);
  const [answer] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const { date: _, 'x-request-id': _id, ...headers } = answer.headers;
  return { status: answer.statusCode, headers, body: Buffer.concat(chunks) };
}

const hits = ({ deps }: TestRegistry): number =>
  deps.caches.state.find(({ name }) => name === 'git_requests')?.hits ?? 0;

const POST = { method: 'POST' };
const TYPE = { 'content-type': 'application/x-git-upload-pack-request' };
const V2 = { 'git-protocol': 'version=2' };

/**
 * Requests that clients send, and unusual ones that they might send. `oids` are the commits of the definition, newest
 * first.
 */
function requestsFor(name: string, oids: readonly string[], round: number): Asked[] {
  const repository = `/definitions/${name}.git`;
  const refs = `${repository}/info/refs?service=git-upload-pack`;
  const pack = `${repository}/git-upload-pack`;
  const pick = () => oids[randomBytes(1).readUInt8() % oids.length] as string;
  const command = (what: string, args: string[], headers: Record<string, string> = {}): Asked => ({
    what: `${what} ${args.join(' ')}`,
    path: pack,
    ...POST,
    headers: { ...TYPE, ...V2, ...headers },
    body: writeCommandRequest({ command: what, capabilities: [`agent=a/${round % 2}`], args }),
  });
  const old = (version: number, lines: string[], rest: string[]): Asked => ({
    what: `v${version} ${lines.join(' ')} ${rest.join(' ')}`,
    path: pack,
    ...POST,
    headers: { ...TYPE, 'git-protocol': `version=${version}` },
    body: writePackets([...lines.map(textPacket), FLUSH, ...rest.map(textPacket)]),
  });
  const zipped = (asked: Asked): Asked => ({
    ...asked,
    what: `gzip ${asked.what}`,
    headers: { ...asked.headers, 'content-encoding': 'gzip' },
    body: gzipSync(asked.body ?? Buffer.alloc(0)),
  });
  const want = pick();
  const fetch = command('fetch', ['ofs-delta', `want ${want}`, 'done']);
  return [
    { what: 'v2 capabilities', path: refs, headers: V2 },
    { what: 'v1 refs', path: refs, headers: { 'git-protocol': 'version=1' } },
    { what: 'v0 refs', path: refs },
    { what: 'several versions', path: refs, headers: { 'git-protocol': 'version=1:version=2' } },
    command('ls-refs', ['peel', 'symrefs', 'unborn', 'ref-prefix refs/heads/']),
    command('ls-refs', ['peel', 'ref-prefix refs/tags/', `ref-prefix ${pick()}`]),
    command('ls-refs', []),
    fetch,
    zipped(fetch),
    command('fetch', ['no-progress', 'include-tag', `want ${want}`, `have ${pick()}`, 'done']),
    command('fetch', [`want ${want}`, `have ${pick()}`]),
    command('fetch', [`want ${want}`, `have ${randomBytes(20).toString('hex')}`, 'done']),
    command('fetch', [`want ${want}`, 'deepen 1', 'done']),
    command('fetch', [`want ${want}`, 'filter blob:none', 'done']),
    command('fetch', [`want ${randomBytes(20).toString('hex')}`, 'done']),
    command('fetch', []),
    command('no-such-command', []),
    old(0, [`want ${want} ofs-delta side-band-64k agent=a`], ['done']),
    old(1, [`want ${want} multi_ack_detailed no-done`], [`have ${pick()}`, 'done']),
    old(0, [`want ${want} shallow`, 'deepen 1'], ['done']),
    { what: 'probe', path: pack, ...POST, headers: { ...TYPE, ...V2 }, body: Buffer.from('0000') },
    { what: 'nothing', path: pack, ...POST, headers: { ...TYPE, ...V2 }, body: Buffer.alloc(0) },
    {
      what: 'no packets',
      path: pack,
      ...POST,
      headers: { ...TYPE, ...V2 },
      body: Buffer.from('zz'),
    },
    { what: 'wrong type', path: pack, ...POST, headers: { ...V2, 'content-type': 'text/plain' } },
    zipped({ what: 'broken', path: pack, ...POST, headers: { ...TYPE, ...V2 } }),
    { what: 'dumb protocol', path: `${repository}/info/refs` },
    { what: 'encoded path', path: refs.replace('Meter', '%4deter') },
    { what: 'more parameters', path: `${refs}&x=1` },
    { what: 'receive-pack', path: `${repository}/info/refs?service=git-receive-pack` },
  ];
}

t.test('an answer from memory equals the first one, byte for byte', async (t) => {
  const registry = await startRegistry(t);
  const { url, admin } = registry;
  const { id } = await admin.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  for (let version = 2; version < 6; version++) {
    await admin.client.definitions.change(id, { source_code: measurement('Meter', version) });
  }
  const listed = await gitResult(['ls-remote', registry.gitUrl('Meter', admin.token)]);
  const oids = [...new Set(listed.stdout.toString().match(/^[0-9a-f]{40}/gm))];
  let compared = 0;
  for (let round = 0; round < 12; round++) {
    for (const asked of requestsFor('Meter', oids, round)) {
      const first = await ask(url, admin.token, asked);
      const again = await ask(url, admin.token, asked);
      if (!first.body.equals(again.body)) t.fail(`another body: ${asked.what}`);
      t.same({ ...again, body: 0 }, { ...first, body: 0 }, asked.what);
      compared += 1;
    }
  }
  t.ok(hits(registry) > compared / 3, `${hits(registry)} of ${compared} from memory`);
});

t.test('a registry without cached answers gives the same answers', async (t) => {
  const kept = await startRegistry(t, { database: 'PostgreSQL' });
  const anew = await serve({ ...kept.settings, GIT_ANSWER_CACHE: '0' });
  t.teardown(() => anew.signal('SIGKILL'));
  const { admin } = kept;
  const { id } = await admin.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  for (const version of [2, 3]) {
    await admin.client.definitions.change(id, { source_code: measurement('Meter', version) });
  }
  const bare = join(kept.dataDir, 'repos', 'Meter.git');
  const listed = await gitResult(['ls-remote', '--heads', '--tags', bare]);
  const versions = listed.stdout.toString().match(/^[0-9a-f]{40}(?=.*\/(main|v\d+)(\^\{\})?$)/gm);
  const oids = [...new Set(versions)];
  let packs = 0;
  for (const asked of [1, 2, 3].flatMap((round) => requestsFor('Meter', oids, round))) {
    await ask(kept.url, admin.token, asked);
    const ours = await ask(kept.url, admin.token, asked);
    const theirs = await ask(anew.url, admin.token, asked);
    t.same({ ...ours, body: 0 }, { ...theirs, headers: ours.headers, body: 0 }, asked.what);
    const objects = objectsIn(ours.body);
    if (objects === undefined) t.same(ours.body, theirs.body, 'the same text');
    else {
      packs += 1;
      t.same(objects, objectsIn(theirs.body), 'the same objects');
      if (asked.headers?.['content-encoding'] === undefined) {
        const { body: input = Buffer.alloc(0) } = asked;
        t.same(objects, objectsIn(uploadPack(bare, input, asked.headers)), 'as git itself');
      }
    }
  }
  t.ok(packs > 15, `${packs} packs`);
});

/** The answer of git's own upload-pack to the same request. */
function uploadPack(
  repository: string,
  input: Buffer,
  headers: Record<string, string> = {},
): Buffer {
  const config = ['-c', 'uploadpack.allowFilter=true', '-c', 'uploadpack.allowAnySHA1InWant=true'];
  const env = { PATH: process.env.PATH, GIT_PROTOCOL: headers['git-protocol'] ?? '' };
  const args = [...config, 'upload-pack', '--stateless-rpc', repository];
  return spawnSync('git', args, { input, env }).stdout;
}

/** The ids of the objects in the pack of an answer, in order. Undefined if the answer has no pack. */
function objectsIn(answer: Buffer): string[] | undefined {
  const pack = packIn(answer);
  if (pack === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'pack-'));
  try {
    spawnSync('git', ['init', '-q', '--bare', folder]);
    const options = { cwd: folder, input: pack };
    const indexed = spawnSync('git', ['index-pack', '--stdin'], options).stdout.toString();
    const file = `objects/pack/pack-${indexed.trim().split('\t').at(-1)}.idx`;
    const shown = spawnSync('git', ['show-index'], {
      cwd: folder,
      input: readFileSync(join(folder, file)),
    });
    return (
      shown.stdout
        .toString()
        .match(/\b[0-9a-f]{40}\b/g)
        ?.sort() ?? []
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Extracts the pack from the packets of an answer, with or without side-band. */
function packIn(answer: Buffer): Buffer | undefined {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 4 <= answer.length; ) {
    if (answer.toString('latin1', at, at + 4) === 'PACK') return answer.subarray(at);
    const length = Number.parseInt(answer.toString('latin1', at, at + 4), 16);
    if (Number.isNaN(length)) return undefined;
    const end = at + Math.max(length, 4);
    if (answer[at + 4] === 1 && length > 4) pieces.push(answer.subarray(at + 5, end));
    at = end;
  }
  return pieces.length > 0 ? Buffer.concat(pieces) : undefined;
}

t.test('a cached answer is dropped by the change that makes it wrong', async (t) => {
  const registry = await startRegistry(t);
  const { url, admin } = registry;
  const lab = await admin.client.labs.create({ name: 'Optics', code: 'optics' });
  const { id } = await admin.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
    lab_id: lab.id,
    is_public: true,
  });
  const viewer = await registry.person('viewer');
  const refs: Asked = {
    what: 'refs',
    path: '/definitions/Meter.git/git-upload-pack',
    ...POST,
    headers: { ...TYPE, ...V2 },
    body: writeCommandRequest({ command: 'ls-refs', capabilities: [], args: [] }),
  };
  const poll = async (token: string) => {
    const { status, body } = await ask(url, token, refs);
    return { status, text: body.toString() };
  };
  /** Asks until an answer comes from memory. */
  const warm = async (token: string) => {
    for (const before = hits(registry); hits(registry) === before; ) await poll(token);
  };
  await warm(viewer.token);
  await warm(admin.token);
  await admin.client.definitions.change(id, { source_code: measurement('Meter', 2) });
  t.match((await poll(viewer.token)).text, /refs\/tags\/v2/, 'a landing is there at once');

  await registry.person('author').then(async (author) => {
    await admin.client.labs.addMember(lab.id, author.id, 'contributor');
    await author.client.definitions.change(id, { source_code: measurement('Meter', 3) });
  });
  await warm(admin.token);
  await warm(viewer.token);
  t.match((await poll(admin.token)).text, /refs\/merge-requests/, 'a reviewer sees proposals');
  t.notMatch((await poll(viewer.token)).text, /refs\/merge-requests/, 'others do not');

  await admin.client.definitions.change(id, { is_public: false });
  const hidden = await poll(viewer.token);
  const absent = await ask(url, viewer.token, {
    ...refs,
    path: refs.path.replace('Meter', 'None'),
  });
  t.same(
    hidden,
    { status: 404, text: absent.body.toString() },
    'a hidden definition looks like an absent one',
  );
  await admin.client.definitions.change(id, { is_public: true });
  await warm(viewer.token);
  await admin.client.users.remove(viewer.id);
  t.equal((await poll(viewer.token)).status, 401, 'the account is removed');
});

t.test('refs that cannot be read fail the request, not the server', async (t) => {
  const registry = await startRegistry(t);
  const { url, admin } = registry;
  await admin.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  const poll = () =>
    ask(url, admin.token, {
      what: 'v0 refs',
      path: '/definitions/Meter.git/info/refs?service=git-upload-pack',
    });
  const before = hits(registry);
  while (hits(registry) === before) t.equal((await poll()).status, 200);
  const refs = join(registry.dataDir, 'repos', 'Meter.git', 'packed-refs');
  renameSync(refs, `${refs}.kept`);
  symlinkSync(refs, refs);
  t.equal((await poll()).status, 500, 'the refs are a link to themselves');
  rmSync(refs);
  renameSync(`${refs}.kept`, refs);
  t.equal((await poll()).status, 200);
});
