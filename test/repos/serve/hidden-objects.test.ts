import { gzipSync } from 'node:zlib';
import t from 'tap';
import type { Repository } from '../../../repos/types.ts';
import { type CommandRequest, writeCommandRequest } from '../../../repos/wire/command-request.ts';
import { FLUSH, textPacket, writePackets } from '../../../repos/wire/pkt-line.ts';
import { parseAdvertisement, parseLsRefsAnswer } from '../wire/client.ts';
import { packOf, post, pushBody, rawCommit, rawTree, writeObject } from './raw.ts';
import { startServer, type TestServer } from './server.ts';

/*
 * The flaw: under protocol v2, git's own upload-pack sends any object of a repository to a caller who knows its id.
 * Proposals are in the same repository as the public versions, and their ids can leak (in a mail, a log, a merge
 * request's page). Verified: objects outside the visible refs cannot be fetched.
 */
let server: TestServer;
let repository: Repository;
let url: string;
let seen: { commit: string; tree: string; blob: string };
let secret: { commit: string; tree: string; blob: string };

t.before(async () => {
  server = await startServer();
  repository = await server.repositories.create('Shared');
  url = `${server.url}/Shared.git`;
  const cwd = await server.workingCopy('Shared');
  const make = async (text: string, parent?: string) => {
    const blob = await writeObject(cwd, 'blob', text);
    const tree = await writeObject(cwd, 'tree', rawTree([['100644', 'a.py', blob]]));
    const commit = await writeObject(cwd, 'commit', rawCommit(tree, parent));
    return { commit, tree, blob };
  };
  seen = await make('open\n');
  secret = await make('not for everybody\n', seen.commit);
  const refs = [`${seen.commit}:refs/heads/main`, `${secret.commit}:refs/merge-requests/1/head`];
  await server.client(['push', '-q', 'origin', ...refs], { cwd });
  await repository.updateRefs([{ ref: 'refs/registry/state', from: null, to: secret.commit }]);
  const { rules } = server;
  rules.visible = (ref) => ref === 'refs/heads/main';
});
t.afterEach(() => t.same(server.failures, []));
t.teardown(() => server[Symbol.asyncDispose]());

const V2 = { 'git-protocol': 'version=2' };

async function command(request: Partial<CommandRequest>, headers: Record<string, string> = V2) {
  const body = writeCommandRequest({ command: 'fetch', capabilities: [], args: [], ...request });
  return post(url, 'git-upload-pack', body, headers);
}

t.test('no advertisement and no listing names a hidden ref', async (t) => {
  const names = async (service: string, gitProtocol: string) => {
    const headers = { 'git-protocol': gitProtocol };
    const response = await fetch(`${url}/info/refs?service=${service}`, { headers });
    const advertisement = parseAdvertisement(Buffer.from(await response.arrayBuffer()));
    return advertisement.version === 2 ? 'none' : advertisement.refs.map(({ name }) => name);
  };
  t.same(await names('git-upload-pack', 'version=0'), ['HEAD', 'refs/heads/main']);
  t.same(await names('git-upload-pack', 'version=1'), ['HEAD', 'refs/heads/main']);
  t.same(await names('git-upload-pack', 'version=2:version=1'), 'none');
  t.same(await names('git-receive-pack', 'version=2'), ['refs/heads/main']);
  const listed = await command({ command: 'ls-refs', args: ['ref-prefix refs/'] });
  t.same(parseLsRefsAnswer(listed.bytes), [{ name: 'refs/heads/main', oid: seen.commit }]);
});

t.test('objects that a visible ref reaches can be fetched by id, others cannot', async (t) => {
  for (const oid of Object.values(seen)) {
    const { bytes } = await command({ args: [`want ${oid}`, 'done'] });
    t.match(bytes.toString('latin1'), /packfile/);
  }
  for (const oid of [...Object.values(secret), 'f'.repeat(40)]) {
    const refused = new RegExp(`ERR upload-pack: not our ref ${oid}\n$`);
    const v2 = await command({ args: [`want ${seen.commit}`, `want ${oid}`, 'done'] });
    t.equal(v2.status, 200);
    t.match(v2.bytes.toString(), refused);
    const v0 = writePackets([textPacket(`want ${oid} side-band-64k`), FLUSH, textPacket('done')]);
    t.match((await post(url, 'git-upload-pack', v0)).bytes.toString(), refused);
  }
});

t.test('the same objects are served to callers who see their ref', async (t) => {
  const { visible } = server.rules;
  server.rules.visible = () => true;
  for (const oid of Object.values(secret)) {
    const { bytes } = await command({ args: [`want ${oid}`, 'done'] });
    t.match(bytes.toString('latin1'), /packfile/);
  }
  server.rules.visible = (ref) => visible(ref);
});

t.test('objects that only the registry’s ref reaches are served to nobody', async (t) => {
  await repository.updateRefs([
    { ref: 'refs/merge-requests/1/head', from: secret.commit, to: null },
  ]);
  const { visible } = server.rules;
  server.rules.visible = () => true;
  const { bytes } = await command({ args: [`want ${secret.blob}`, 'done'] });
  t.match(bytes.toString(), /not our ref/);
  server.rules.visible = visible;
  await repository.updateRefs([
    { ref: 'refs/merge-requests/1/head', from: null, to: secret.commit },
  ]);
});

t.test('no other argument of fetch reads hidden objects', async (t) => {
  const want = [`want ${seen.commit}`, 'done'];
  const excluded = await command({ args: ['deepen-not refs/merge-requests/1/head', ...want] });
  t.match(excluded.bytes.toString(), /ERR upload-pack: deepen-not is not a ref/);
  const sparse = await command({ args: [`filter sparse:oid=${secret.blob}`, ...want] });
  t.match(sparse.bytes.toString(), /ERR .*filter 'sparse:oid' not supported/);
  for (const arg of [
    'want-ref refs/merge-requests/1/head',
    'packfile-uris https',
    `want ${secret.commit}\0x`,
  ]) {
    t.equal((await command({ args: [arg, 'done'] })).status, 400, arg);
  }
});

t.test('invalid and empty requests get a 4xx in plain text', async (t) => {
  const fetchAll = writeCommandRequest({
    command: 'fetch',
    capabilities: [],
    args: [`want ${seen.commit}`, 'done'],
  });
  const status = async (body: Buffer, headers: Record<string, string> = {}) => {
    const answer = await post(url, 'git-upload-pack', body, { ...V2, ...headers });
    if (answer.status !== 200) t.match(answer.type, /^text\/plain/);
    return answer.status;
  };
  t.equal(await status(Buffer.alloc(0)), 400);
  t.equal(await status(gzipSync(''), { 'content-encoding': 'gzip' }), 400);
  t.equal(await status(Buffer.from('0000')), 200);
  t.equal(await status(Buffer.from('hello, world')), 400);
  t.equal(await status(fetchAll.subarray(0, -4)), 400);
  t.equal(
    await status(writeCommandRequest({ command: 'object-info', capabilities: [], args: ['size'] })),
    400,
  );
  t.equal(
    await status(
      writeCommandRequest({ command: 'fetch', capabilities: ['object-format=sha256'], args: [] }),
    ),
    400,
  );
  t.equal(await status(fetchAll, { 'content-type': 'text/plain' }), 415);
  t.equal(await status(fetchAll, { 'content-encoding': 'br' }), 415);
  t.equal(await status(gzipSync(fetchAll), { 'content-encoding': 'gzip' }), 200);
  t.equal(await status(gzipSync(fetchAll).subarray(0, -10), { 'content-encoding': 'gzip' }), 400);
  t.equal(await status(gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }), 413);
  t.equal(await status(Buffer.alloc(11_000_000)), 413);
});

t.test('a push can neither detect nor use hidden objects', async (t) => {
  const cwd = await server.workingCopy('Shared');
  const pack = await packOf(cwd, []);
  const take = [{ ref: 'refs/registry/state', from: secret.commit, to: null }];
  const { bytes } = await post(url, 'git-receive-pack', pushBody(take, pack));
  t.match(bytes.toString(), /reserves this name/);
  t.equal((await repository.refs()).get('refs/registry/state')?.oid, secret.commit);
});
