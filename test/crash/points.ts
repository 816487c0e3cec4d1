/** The moments at which the registry is killed. */
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { openStore } from '../../registry/store/open.ts';
import type { Server } from '../helpers/command.ts';
import { clientOf, type World } from './world.ts';

/** An effect in a folder that shows how far a change has come. */
export interface Effect {
  folders: (dataDir: string, names: readonly string[]) => string[];
  /** The name that appears, is replaced, or disappears (`gone`) in one of the folders. */
  pattern: RegExp;
  gone?: boolean;
}

const repository =
  (...path: string[]) =>
  (dataDir: string, names: readonly string[]) =>
    names.map((name) => join(dataDir, 'repos', `${name}.git`, ...path));

/** In the order in which a landing reaches them. */
const EFFECTS: Record<string, Effect> = {
  'an object is written': { folders: repository('objects'), pattern: /^[0-9a-f]{2}$/ },
  'the journal entry is there': { folders: (data) => [join(data, 'journal')], pattern: /^[^~]+~/ },
  'the refs are locked': { folders: repository(), pattern: /^packed-refs\.lock$/ },
  'the refs have moved': { folders: repository(), pattern: /^packed-refs$/ },
  'the journal entry is gone': {
    folders: (data) => [join(data, 'journal')],
    pattern: /^[^~]+~/,
    gone: true,
  },
  'a repository is there': { folders: (data) => [join(data, 'repos')], pattern: /\.git$/ },
};

/** Kills the server during work of the clients. Returns whether the moment came. */
type Point = (world: World, server: Server) => Promise<boolean>;

const atEffect =
  (effect: Effect): Point =>
  async ({ dataDir, names }, server) => {
    const workerData = {
      pid: server.pid,
      folders: effect.folders(dataDir, names),
      pattern: effect.pattern,
      gone: effect.gone === true,
    };
    // A thread of its own sees the effect and kills at once, however busy the clients are.
    const worker = new Worker(new URL('./killer.ts', import.meta.url), { workerData });
    const killed = await Promise.race([server.ended.then(() => true), after(8000, false)]);
    await worker.terminate();
    return killed;
  };

const atRandom: Point = async ({ random }, server) => {
  await after(random.int(400));
  server.signal('SIGKILL');
  return true;
};

/** Holds the locks under which the index is updated, and kills when an update waits: git has it, the database has not. */
const beforeIndex: Point = async (world, server) => {
  const store = await openStore({ databaseUrl: world.settings.DATABASE_URL });
  try {
    const client = clientOf(server.url, world.admin);
    const ids = await Promise.all(
      world.names.map(async (name) => (await client.definitions.byName(name)).id),
    );
    return await store.transaction(async (em) => {
      // 7001: registry/store/indexing.ts
      for (const id of ids.sort()) await em.execute('select pg_advisory_xact_lock(7001, ?)', [id]);
      const waiting = `select from pg_locks where locktype = 'advisory' and classid = 7001 and not granted
        and database = (select oid from pg_database where datname = current_database())`;
      for (let look = 0; look < 400; look++) {
        if ((await em.execute<unknown[]>(waiting)).length > 0) {
          server.signal('SIGKILL');
          await server.ended;
          return true;
        }
        await after(20);
      }
      return false;
    });
  } finally {
    await store.close();
  }
};

export const POINTS: Record<string, Point> = {
  'any moment': atRandom,
  ...Object.fromEntries(Object.entries(EFFECTS).map(([name, effect]) => [name, atEffect(effect)])),
};
/** For PostgreSQL alone, because the embedded database has one connection. */
export const SERVER_POINTS: Record<string, Point> = {
  ...POINTS,
  'the index waits for its lock': beforeIndex,
};
