/** A lab with an admin, a contributor and two definitions, and the state of the clients that survives all kills. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type RegistryClient } from '../../client/typescript/client.ts';
import { measurement } from '../helpers/registry.ts';
import type { Random } from '../scenarios/storm/random.ts';
import { History } from './history.ts';

export interface World {
  /** Outside the data folder: the history, and the repositories of the git users. */
  folder: string;
  /** The settings with which the registry is started. */
  settings: Record<string, string>;
  /** The data folder, as this process can reach it. */
  dataDir: string;
  /** The command inside which the registry and its commands run (small-disk.ts). */
  inside: readonly string[];
  history: History;
  random: Random;
  labId: number;
  /** Definitions whose creation was acknowledged. */
  names: string[];
  /** Tokens. */
  admin: string;
  contributor: string;
}

export const PASSWORD = 'password of admin';
export const COMPUTER = 'LABPC';

export const clientOf = (url: string, token: string): RegistryClient =>
  createClient({ url, token });

export async function makeWorld(
  url: string,
  {
    folder,
    settings,
    dataDir = settings.DATA_DIR as string,
    inside = [],
    random,
    session,
  }: Pick<World, 'folder' | 'settings' | 'random'> &
    Partial<Pick<World, 'inside' | 'dataDir'>> & {
      session: string;
    },
): Promise<World> {
  const root = clientOf(url, session);
  const lab = await root.labs.create({ name: 'Kills', code: 'kills' });
  const account = { username: 'ben', name: 'Ben', email: 'ben@lab.example' };
  const ben = await root.users.create({ ...account, password: 'password of ben' });
  await root.labs.addMember(lab.id, ben.id, 'contributor');
  const { token } = await createClient({ url }).login('ben', 'password of ben');
  const scope = { name: 'clients', scope: 'admin' as const };
  const { token: admin } = await root.tokens.create(scope);
  const { token: contributor } = await clientOf(url, token).tokens.create(scope);
  await root.computers.create({ computer_name: COMPUTER, lab_id: lab.id });
  await mkdir(folder, { recursive: true });
  const history = new History(join(folder, 'history.jsonl'));
  const names = ['Left', 'Right'];
  for (const name of names) {
    const mark = history.mark();
    const entry = history.begin({ what: 'create', about: name, mark, makes: [mark] });
    await root.definitions.create({
      name,
      lab_id: lab.id,
      source_code: measurement(name),
      change_summary: mark,
    });
    history.end(entry, { answer: 'done', detail: '', version: 1 });
  }
  return {
    folder,
    settings,
    dataDir,
    inside,
    history,
    random,
    labId: lab.id,
    names,
    admin,
    contributor,
  };
}
