/** What people do to definitions under review until the registry is killed, and what the registry acknowledged. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, RegistryError } from '../../../client/typescript/client.ts';
import { git, gitResult } from '../../helpers/git.ts';
import { measurement } from '../../helpers/registry.ts';
import type { Random } from '../storm/random.ts';

/** The state that survives all kills. */
export interface World {
  names: string[];
  labId: number;
  /** The tokens of the people. */
  admin: string;
  contributor: string;
  /** The folder with a clone of each definition for each pusher. */
  folder: string;
  random: Random;
  /** The acknowledged pushes for review: the head and its merge request. */
  acknowledged: { id: number; head: string }[];
  /** The merge requests whose closing or merging was acknowledged, in this order. */
  decided: { id: number; state: 'closed' | 'merged' }[];
}

export async function makeWorld(
  url: string,
  { folder, random, session }: { folder: string; random: Random; session: string },
): Promise<World> {
  const root = createClient({ url, token: session });
  const lab = await root.labs.create({ name: 'Kills', code: 'kills' });
  const account = { username: 'ben', name: 'Ben', email: 'ben@lab.example' };
  const ben = await root.users.create({ ...account, password: 'password of ben' });
  await root.labs.addMember(lab.id, ben.id, 'contributor');
  const { token } = await createClient({ url }).login('ben', 'password of ben');
  const scope = { name: 'kills', scope: 'admin' as const };
  const { token: admin } = await root.tokens.create(scope);
  const { token: contributor } = await createClient({ url, token }).tokens.create(scope);
  const names = ['Left', 'Right'];
  for (const name of names) {
    await root.definitions.create({ name, lab_id: lab.id, source_code: measurement(name) });
    for (const who of ['ben', 'other', 'admin']) {
      await git(['clone', '-q', `${url}/definitions/${name}.git`, join(folder, `${who}-${name}`)], {
        env: basic(who === 'admin' ? admin : contributor),
      });
    }
  }
  return {
    names,
    labId: lab.id,
    admin,
    contributor,
    folder,
    random,
    acknowledged: [],
    decided: [],
  };
}

/** The password for git as environment variables. The password is in no file and on no command line. */
export const basic = (token: string): Record<string, string> => ({
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'http.extraHeader',
  GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`git:${token}`).toString('base64')}`,
});

/** Everybody acts concurrently, one action after another, until the registry does not answer any more. */
export async function actUntilKilled(world: World, url: string, isDead: () => boolean) {
  const until = async (action: () => Promise<void>) => {
    while (!isDead()) {
      // A killed registry does not answer, so errors are expected then. An error while the registry still runs is
      // reported.
      await action().catch((error: unknown) => {
        if (!isDead() && !isCutOff(error)) throw error;
      });
    }
  };
  await Promise.all([
    ...world.names.flatMap((name) => [
      until(() => push(world, url, 'ben', name)),
      until(() => push(world, url, 'other', name)),
    ]),
    until(() => decide(world, url)),
    until(() => pushMain(world, url)),
  ]);
}

const isCutOff = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof RegistryError && error.status === 409);

async function commit(world: World, cwd: string, parent: string): Promise<string> {
  await git(['checkout', '-q', '--force', '--detach', parent], { cwd });
  await writeFile(
    join(cwd, `${world.random.pick(['a', 'b', 'c'])}.txt`),
    `${world.random.int(1e9)}\n`,
  );
  await git(['add', '--all'], { cwd });
  await git(['commit', '-qm', `Change ${world.random.int(1e6)}`], { cwd });
  return (await git(['rev-parse', 'HEAD'], { cwd })).trim();
}

const REF = { ben: 'refs/heads/one', other: 'refs/heads/two' };

async function push(world: World, url: string, who: 'ben' | 'other', name: string) {
  const { random } = world;
  const cwd = join(world.folder, `${who}-${name}`);
  const env = basic(world.contributor);
  const to = `${url}/definitions/${name}.git`;
  await gitResult(['fetch', '-q', to, '+refs/heads/main:refs/now'], { cwd, env });
  if (random.chance(0.2)) {
    const { code, stderr } = await gitResult(['push', to, `:${REF[who]}`], { cwd, env });
    const [, id] = /Merge request !(\d+) is closed/.exec(stderr) ?? [];
    if (code === 0 && id !== undefined) world.decided.push({ id: Number(id), state: 'closed' });
    return;
  }
  const head = await commit(world, cwd, 'refs/now');
  const refs = random.pick([
    [`+${head}:${REF[who]}`],
    [`+${head}:${REF[who]}`],
    ...(who === 'ben' ? [[`${head}:refs/for/main`]] : []),
    ['--atomic', `+${head}:${REF[who]}`, `+${head}:refs/heads/${who}`],
  ]);
  const options = random.chance(0.3) ? ['-o', `title=Title ${random.int(1e6)}`, '-o', 'draft'] : [];
  const { code, stderr } = await gitResult(['push', ...options, to, ...refs], { cwd, env });
  if (code !== 0) return;
  for (const [, id] of stderr.matchAll(/Merge request !(\d+): http/g)) {
    world.acknowledged.push({ id: Number(id), head });
  }
}

/** Closes, reopens, rebases and merges open merge requests. A merge overrides the policy with a reason. */
async function decide({ admin, random, decided, labId }: World, url: string): Promise<void> {
  const { mergeRequests } = createClient({ url, token: admin });
  const { items } = await mergeRequests.list({ lab_id: labId, state: 'open' });
  if (items.length === 0) return;
  const { id, head } = random.pick(items);
  if (random.chance(0.2)) {
    await mergeRequests.close(id);
    decided.push({ id, state: 'closed' });
  } else if (random.chance(0.3)) await mergeRequests.rebase(id, { head });
  else {
    await mergeRequests.edit(id, { draft: false });
    await mergeRequests.merge(id, { head, override: 'there will be no time' });
    decided.push({ id, state: 'merged' });
  }
}

async function pushMain(world: World, url: string): Promise<void> {
  const name = world.random.pick(world.names);
  const cwd = join(world.folder, `admin-${name}`);
  const env = basic(world.admin);
  const to = `${url}/definitions/${name}.git`;
  await gitResult(['fetch', '-q', to, '+refs/heads/main:refs/now'], { cwd, env });
  const head = await commit(world, cwd, 'refs/now');
  await gitResult(
    ['push', '--atomic', to, `${head}:refs/heads/main`, `+${head}:refs/heads/main-too`],
    {
      cwd,
      env,
    },
  );
}
