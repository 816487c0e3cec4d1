/** Compares answers from cached refs with those of git's own upload-pack for the same refs, byte for byte. */
import t, { type Test } from 'tap';
import type { Repository } from '../../../repos/types.ts';
import { writeCommandRequest } from '../../../repos/wire/command-request.ts';
import type { LsRefsRequest } from '../../../repos/wire/ls-refs.ts';
import { parseAdvertisement, writeLsRefsArgs } from '../wire/client.ts';
import { post } from './raw.ts';
import { startServer, type TestServer } from './server.ts';

let server: TestServer;
let repository: Repository;
t.before(async () => {
  server = await startServer();
  repository = await server.repositories.create('Same');
});
t.teardown(() => server[Symbol.asyncDispose]());

/** git's answer. git is configured as on the server, so clients may request every kind of object. */
async function gitSays(service: string, version: number, input?: Buffer): Promise<Buffer> {
  const config = ['allowFilter', 'allowTipSHA1InWant', 'allowReachableSHA1InWant'].flatMap(
    (name) => ['-c', `uploadpack.${name}=true`],
  );
  const how = input === undefined ? ['--advertise-refs'] : [];
  const args = [...config, service, '--stateless-rpc', ...how, repository.path];
  const env = { GIT_PROTOCOL: `version=${version}` };
  return (await server.git.run({ args, env, ...(input && { input }) })).stdout;
}

async function weSay(service: string, version: number): Promise<Buffer> {
  const url = `${server.url}/Same.git/info/refs?service=git-${service}`;
  const response = await fetch(url, { headers: { 'git-protocol': `version=${version}` } });
  return Buffer.from(await response.arrayBuffer());
}

/**
 * Removes the agent. The names of git and the registry differ, and so do the lengths of the lines that contain them.
 */
const withoutAgent = (text: string) =>
  text.replace(/agent=[^ \n]+/, 'agent').replace(/[0-9a-f]{4}(?=[0-9a-f]{40} [^ \0]+\0)/, '');

const LISTINGS: LsRefsRequest[] = [
  { peel: true, symrefs: true, unborn: true, prefixes: [] },
  { peel: false, symrefs: false, unborn: false, prefixes: [] },
  { peel: false, symrefs: false, unborn: true, prefixes: ['HEAD'] },
  { peel: true, symrefs: true, unborn: false, prefixes: ['HEAD', 'refs/tags/'] },
  { peel: true, symrefs: true, unborn: true, prefixes: ['refs/heads/ma', 'refs/heads/'] },
  { peel: true, symrefs: true, unborn: true, prefixes: ['refs/none/'] },
];

async function compare(t: Test, versions: number[]) {
  for (const version of versions) {
    const git = `001e# service=git-upload-pack\n0000${await gitSays('upload-pack', version)}`;
    const ours = (await weSay('upload-pack', version)).toString();
    t.equal(withoutAgent(ours), withoutAgent(git), `v${version}`);
  }
  for (const request of LISTINGS) {
    const ask = { command: 'ls-refs', capabilities: [], args: writeLsRefsArgs(request) };
    const body = writeCommandRequest(ask);
    const headers = { 'git-protocol': 'version=2' };
    const ours = await post(`${server.url}/Same.git`, 'git-upload-pack', body, headers);
    t.equal(ours.bytes.toString(), (await gitSays('upload-pack', 2, body)).toString());
  }
}

// Under v0, git before 2.41 sends nothing for an empty repository. Later versions advertise capabilities.
t.test('an empty repository is served as git serves it', (t) => compare(t, []));

t.test(
  'branches, lightweight and annotated tags and a tag of a tag are served as git serves them',
  async (t) => {
    const cwd = await server.workingCopy('Same');
    await server.client(['commit', '-q', '--allow-empty', '-m', 'x'], { cwd });
    await server.client(['tag', 'light'], { cwd });
    await server.client(['tag', '-a', '-m', 'x', 'v1'], { cwd });
    await server.client(['tag', '-a', '-m', 'x', 'of-a-tag', 'v1'], { cwd });
    const refs = ['main', 'main:refs/heads/other', 'main:refs/merge-requests/1/head', '--tags'];
    await server.client(['push', '-q', 'origin', ...refs], { cwd });
    await compare(t, [0, 1]);
  },
);

t.test('the server advertises only capabilities of v2 that git has', async (t) => {
  const ours = parseAdvertisement(await weSay('upload-pack', 2));
  t.same([...ours.capabilities.keys()].sort(), ['agent', 'fetch', 'ls-refs', 'object-format']);
  const git = (await gitSays('upload-pack', 2)).toString();
  t.equal(ours.capabilities.get('ls-refs'), /ls-refs=(.*)/.exec(git)?.[1]);
  t.match(git, `fetch=${ours.capabilities.get('fetch')}`);
});
