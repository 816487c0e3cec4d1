/** Measures a change under review: its push, the page view and the merge. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { durableGit } from './git.ts';
import { type Figure, inTurn, timed } from './pairs.ts';
import { ask, type BenchRegistry } from './registry.ts';
import { sources } from './sources.ts';

const NAME = 'Reviewed3';
const BACKEND = fileURLToPath(new URL('./http-backend.ts', import.meta.url));

/**
 * Measures the review of a change. The floor of a push is the same push to git's own server, which has a mirror of the
 * same repository.
 */
export async function measureReview(
  registry: BenchRegistry,
  { rounds, warm }: { rounds: number; warm: number },
): Promise<Figure[]> {
  const root = await mkdtemp(join(tmpdir(), 'bench-review-'));
  const source = await sources();
  const body = { name: NAME, lab_id: null, source_code: source(NAME) };
  await registry.ask('POST', '/api/instrument-definitions', body);
  const ours = withPassword(`${registry.url}/definitions/${NAME}.git`, registry.token);
  await durableGit(root, 'clone', '--quiet', '--mirror', ours, join(root, `${NAME}.git`));
  await durableGit(join(root, `${NAME}.git`), 'config', 'http.receivepack', 'true');
  const backend = await startBackend(root);
  const floor = withPassword(`${backend.url}/${NAME}.git`, PASSWORD);
  await durableGit(root, 'clone', '--quiet', ours, 'ours');
  await durableGit(root, 'clone', '--quiet', floor, 'floor');

  // Warm-up: the code that judges a push takes ten times as long before V8 has compiled it.
  for (let i = 0; i < warm; i++) {
    const source_code = source(NAME, -i);
    await registry.ask('POST', '/api/instrument-definitions/validate', { name: NAME, source_code });
  }

  const push = (work: string) => async (round: number) => {
    const tree = join(root, work);
    await durableGit(tree, 'checkout', '--quiet', '-B', `idea-${round}`, 'v1');
    await writeFile(join(tree, `${NAME}.py`), source(NAME, round + 1));
    await durableGit(tree, 'commit', '--quiet', '-a', '-m', `Change ${round}`);
    return await timed(() => durableGit(tree, 'push', '--quiet', 'origin', `idea-${round}`));
  };
  try {
    const pushed = await inTurn(rounds, push('ours'), push('floor'));
    return [
      { name: 'push for review', floor: 'git http-backend', unit: 'ms', goal: 1.5, ...pushed },
      await measurePage(registry, rounds * 5),
      await measureMerge(
        registry,
        { ours: join(root, 'ours'), floor: join(root, 'floor') },
        rounds,
      ),
    ];
  } finally {
    backend.end();
    await rm(root, { recursive: true, force: true });
  }
}

const PASSWORD = 'measured';

function withPassword(address: string, password: string): string {
  const url = new URL(address);
  url.username = 'git';
  url.password = password;
  return url.href;
}

async function startBackend(folder: string): Promise<{ url: string; end(): void }> {
  const child = spawn(process.execPath, [BACKEND, folder, PASSWORD], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url, end: () => void child.kill() };
}

interface Listed {
  items: { id: number; head: string; source_ref: string }[];
}

const openOnes = async (registry: BenchRegistry) =>
  (JSON.parse(await registry.ask('GET', '/api/merge-requests?state=open&per_page=500')) as Listed)
    .items;

/** Compares the page of a merge request with a server that keeps the same bytes in memory. */
async function measurePage(registry: BenchRegistry, rounds: number): Promise<Figure> {
  const [row] = await openOnes(registry);
  const path = `/api/merge-requests/${row?.id}`;
  const bytes = await registry.ask('GET', path);
  const raw = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(bytes);
  });
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  const agent = new Agent({ keepAlive: true });
  const url = `http://127.0.0.1:${(raw.address() as AddressInfo).port}/`;
  try {
    const compared = await inTurn(
      rounds,
      () => timed(() => registry.ask('GET', path)),
      () => timed(() => ask(agent, url, { method: 'GET' })),
    );
    return { name: 'page of a merge request', floor: 'a raw route', unit: 'ms', ...compared };
  } finally {
    agent.destroy();
    raw.close();
  }
}

/**
 * Lands with an override, because nobody else can approve. In the floor, plain git squashes a branch in a work tree and
 * tags the result.
 */
async function measureMerge(
  registry: BenchRegistry,
  trees: { ours: string; floor: string },
  rounds: number,
): Promise<Figure> {
  for (let round = 0; round <= rounds; round++) {
    for (const tree of Object.values(trees)) {
      await durableGit(tree, 'checkout', '--quiet', '-B', `notes-${round}`, 'v1');
      await writeFile(join(tree, `notes-${round}.txt`), `${round}\n`);
      await durableGit(tree, 'add', '--all');
      await durableGit(tree, 'commit', '--quiet', '-m', `Notes ${round}`);
    }
    await durableGit(trees.ours, 'push', '--quiet', 'origin', `notes-${round}`);
  }
  await durableGit(trees.floor, 'checkout', '--quiet', 'main');
  const open = await openOnes(registry);
  const ours = (round: number) => {
    const { id, head } =
      open.find(({ source_ref }) => source_ref.endsWith(`/notes-${round}`)) ?? {};
    const order = { head, override: 'measured alone' };
    return timed(() => registry.ask('POST', `/api/merge-requests/${id}/merge`, order));
  };
  const floor = (round: number) =>
    timed(async () => {
      await durableGit(trees.floor, 'merge', '--quiet', '--squash', `notes-${round}`);
      await durableGit(trees.floor, 'commit', '--quiet', '-m', `Notes ${round}`);
      await durableGit(trees.floor, 'tag', '-a', `v${round + 2}`, '-m', 'Landed');
    });
  const compared = await inTurn(rounds, ours, floor);
  const what = 'git merge --squash, commit, tag';
  return { name: 'landing (merge)', floor: what, unit: 'ms', ...compared };
}
