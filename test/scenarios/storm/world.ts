/** Two labs, ten people, and their definitions. */
import type { Test } from 'tap';
import { serve } from '../../helpers/command.ts';
import {
  type DatabaseKind,
  measurement,
  type Person,
  startRegistry,
  type TestRegistry,
} from '../../helpers/registry.ts';
import { type Answer, send } from './send.ts';

export interface StormLab {
  id: number;
  admins: Person[];
  contributors: Person[];
  /** A contributor whom the storm makes an admin from time to time. */
  changing: Person;
}

export interface Target {
  id: number;
  name: string;
  lab: StormLab;
}

export interface World extends TestRegistry {
  people: Person[];
  labs: StormLab[];
  targets: Target[];
  /** The addresses of the server processes. */
  urls: string[];
  as(person: Person, method: string, path: string, body?: object): Promise<Answer>;
  /** The same world as seen through another server process. */
  through(url: string): World;
}

/** The parts of a lab's policy that affect merges and pushes. */
export interface Policy {
  required_approvals: number;
  allow_self_approval: boolean;
  direct_landing: 'admins' | 'nobody';
}

/** The policy of a new lab. */
export const FIRST_POLICY: Policy = {
  required_approvals: 1,
  allow_self_approval: false,
  direct_landing: 'admins',
};

/** Small files beside the definition. Several people change these files, so that some changes conflict. */
export const FILES = ['a.txt', 'b.txt', 'c.txt', 'd.txt'];

/** The number of definitions that begin as a merge request. */
const PROPOSED = 2;

export async function makeWorld(
  t: Test,
  database: DatabaseKind,
  definitions: number,
  processes: number,
): Promise<World> {
  const registry = await startRegistry(t, { database });
  const { admin, url } = registry;
  const people = [admin];
  for (let n = 1; n < 10; n++) people.push(await registry.person(`p${n}`));
  const at = (...numbers: number[]) => numbers.map((n) => people[n] as Person);
  const labs = [
    await lab(admin, 'First', at(1, 2, 3), at(4, 5, 6, 7)),
    await lab(admin, 'Second', at(4, 5, 6), at(7, 8, 9, 1)),
  ];
  const targets: Target[] = [];
  for (let n = 0; n < definitions; n++) {
    const lab = labs[n % 2] as StormLab;
    const name = `Storm${n}`;
    const maker = n < PROPOSED ? lab.contributors[0] : lab.admins[0];
    const { id } = await (maker as Person).client.definitions.create({
      name,
      source_code: measurement(name),
      lab_id: lab.id,
      files: Object.fromEntries(FILES.map((file) => [file, `${file} of ${name}\n`])),
    });
    targets.push({ id, name, lab });
  }
  const urls = [url];
  for (let n = 1; n < processes; n++) urls.push(await another(t, registry.settings));
  const through = (url: string): World => ({
    ...registry,
    url,
    urls,
    people,
    labs,
    targets,
    through,
    as: (person, method, path, body) => send(url, person.token, method, path, body),
    gitUrl: (name, token) =>
      registry.gitUrl(name, token).replace(registry.url.slice(7), url.slice(7)),
  });
  return through(url);
}

/** Starts another process that serves the same registry. */
async function another(t: Test, settings: Record<string, string>): Promise<string> {
  const server = await serve({ ...settings, LOG_LEVEL: 'warn' });
  t.teardown(async () => {
    server.signal('SIGTERM');
    const { code, stdout } = await server.ended;
    if (code !== 0) throw new Error(`the other process ended with ${code}: ${stdout}`);
  });
  return server.url;
}

async function lab(
  { client }: Person,
  name: string,
  admins: Person[],
  contributors: Person[],
): Promise<StormLab> {
  const { id } = await client.labs.create({ name, code: name.toLowerCase() });
  for (const { id: user } of admins) await client.labs.addMember(id, user, 'admin');
  for (const { id: user } of contributors) await client.labs.addMember(id, user, 'contributor');
  return { id, admins, contributors, changing: contributors.at(-1) as Person };
}
