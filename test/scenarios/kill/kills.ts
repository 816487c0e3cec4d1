/** Kills a registry repeatedly while people push, merge and close. After each kill, checks what is left. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { Test } from 'tap';
import { createClient } from '../../../client/typescript/client.ts';
import { registry, serve } from '../../helpers/command.ts';
import { putDatabase } from '../../helpers/embedded-folders.ts';
import { bearer, readEvents } from '../../helpers/events.ts';
import { fsckAll } from '../../helpers/git.ts';
import { random } from '../storm/random.ts';
import { violations } from './invariants.ts';
import { actUntilKilled, makeWorld, type World } from './people.ts';

const PASSWORD = 'password of admin';

export async function killAmidReviews(
  t: Test,
  { kills, seed, longest = 400 }: { kills: number; seed: number; longest?: number },
): Promise<void> {
  t.comment(`seed ${seed}`);
  const folder = t.testdir();
  const settings = { DATA_DIR: join(folder, 'data'), ADMIN_PASSWORD: PASSWORD };
  await mkdir(join(folder, 'clones'));
  await putDatabase(settings.DATA_DIR);
  const chance = random(seed);
  let world: World | undefined;
  for (let kill = 0; kill < kills; kill++) {
    const server = await serve(settings, { first: kill === 0 });
    t.teardown(() => server.signal('SIGKILL'));
    world ??= await makeWorld(server.url, {
      folder: join(folder, 'clones'),
      random: chance,
      session: (await createClient({ url: server.url }).login('admin', PASSWORD)).token,
    });
    t.same(await violations(world, server.url), [], `after ${kill} kills`);
    let dead = false;
    const known = doneIn(world);
    const enough = known + 1 + chance.int(8);
    const acting = actUntilKilled(world, server.url, () => dead);
    // Before the last kill, at least one merge request must also have been merged or closed.
    const last = kill === kills - 1;
    const isEnough = ({ decided }: World) =>
      doneIn(world as World) >= enough && !(last && decided.length === 0);
    while (!isEnough(world)) await Promise.race([after(20), acting]);
    // The kill comes after a random time, and so during a random action.
    await after(chance.int(longest));
    dead = true;
    server.signal('SIGKILL');
    await server.ended;
    await acting;
    await fsckAll(join(settings.DATA_DIR, 'repos'));
  }
  const server = await serve(settings);
  t.teardown(() => server.signal('SIGKILL'));
  if (world === undefined) return;
  t.same(await violations(world, server.url), [], `after ${kills} kills`);
  t.ok(world.acknowledged.length > kills, `${world.acknowledged.length} pushes were acknowledged`);
  t.ok(world.decided.length > 0, `${world.decided.length} were merged or closed`);
  await sameEvents(t, world, server.url);
  server.signal('SIGTERM');
  t.match(await server.ended, { code: 0 });
  t.match(await registry(['fsck'], settings), { code: 0, stdout: / 0 problems/ });
}

const doneIn = ({ acknowledged, decided }: World): number => acknowledged.length + decided.length;

/** Readers that reconnect receive the events of repairs like all other events. */
async function sameEvents(t: Test, { admin, labId }: World, url: string): Promise<void> {
  const client = createClient({ url, token: admin });
  const { items } = await client.audit({ lab_id: labId, per_page: 200 });
  const oldest = items.at(-1)?.id ?? 0;
  const reader = await readEvents(t, url, { ...bearer(admin), 'last-event-id': `${oldest}` });
  const wanted = items.filter(({ id, action }) => id > oldest && TOLD.test(action));
  while (reader.events.length < wanted.length) await reader.next();
  t.same(
    reader.events.map(({ id }) => id),
    wanted.map(({ id }) => id).toReversed(),
    `${wanted.length} events are told, mended ones among them`,
  );
  reader.close();
}

const TOLD = /^(merge_request\.|definition\.(landed|overridden|mended))/;
