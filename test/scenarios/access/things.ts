/** Creates the things that rows of docs/access.md are about, as people would create them. */
import { OPERATOR } from '../../../registry/services/caller.ts';
import { landFirstVersion } from '../../../registry/services/definitions/first-version.ts';
import { enrolComputer } from '../../helpers/lab.ts';
import { measurement, type Person } from '../../helpers/registry.ts';
import { ask } from './ask.ts';
import { BRANCH, pushBranch } from './workspace.ts';
import type { World } from './world.ts';

export interface Thing {
  id: number;
  /** The name of the definition or other thing. */
  name: string;
  /** A page that everybody who sees the thing can read; null if there is no such page. */
  page: string | null;
  /** The id of the definition that the thing is or belongs to. */
  definition: number;
  repository: string | null;
  /** The head of a merge request. `branch` is the branch that opened the merge request. */
  head: string;
  branch: string;
  /** A member of a lab. `stranger` is a person who is not a member of the lab. */
  member: number;
  stranger: string;
  /** The name of a computer. */
  computer: string;
  /** The id of a commit. */
  hash: string;
}

/** Creates the thing. Things of kinds that start with `own` belong to the caller. */
export type Maker = (world: World, asker: Person) => Promise<Thing>;

/** Things that never existed. The answer for a hidden thing must equal the answer for a thing that never existed. */
export const NEVER = {
  id: 2_000_000_000,
  definition: 2_000_000_000,
  name: 'NeverThere',
  computer: 'NEVER-THERE',
  hash: 'f'.repeat(40),
};
export const NEVER_REF = { id: NEVER.id, branch: 'never', head: 'f'.repeat(40) };

let count = 0;
const newName = (): string => `Thing${++count}`;

const thing = (given: Partial<Thing>): Thing => ({
  id: 0,
  name: '',
  page: null,
  definition: given.id ?? 0,
  repository: null,
  head: '',
  branch: BRANCH,
  member: 0,
  stranger: '',
  computer: '',
  hash: '',
  ...given,
});

const definition = (id: number, name: string): Thing =>
  thing({ id, name, repository: name, page: `/api/instrument-definitions/${id}` });

const landed =
  (fields: object = {}, lab: 'nano' | 'reviewed' = 'nano'): Maker =>
  async (world) => {
    const name = newName();
    const body = { name, source_code: measurement(name), lab_id: world[lab].id, ...fields };
    const override = lab === 'reviewed' ? { override: 'for the test' } : {};
    const { id } = await world.ada.client.definitions.create({ ...body, ...override } as never);
    return definition(id, name);
  };

const then =
  (make: Maker, next: (world: World, thing: Thing) => Promise<Partial<Thing> | undefined>): Maker =>
  async (world, asker) => {
    const made = await make(world, asker);
    return { ...made, ...(await next(world, made)) };
  };

const twoVersions = (make: Maker): Maker =>
  then(make, async ({ admin }, { id, name }) => {
    const override = 'for the test';
    await admin.client.definitions.change(id, { source_code: measurement(name, 2), override });
    return undefined;
  });

const builtin: Maker = async ({ deps }) => {
  const name = newName();
  const files = new Map([[`${name}.py`, Buffer.from(measurement(name))]]);
  const summary = 'Ship it';
  const flags = { isPublic: true, isBuiltin: true, lab: null, overrides: [] };
  const made = await landFirstVersion(deps, OPERATOR, { name, files, summary, ...flags });
  return definition(made.definition.id, name);
};

const proposed: Maker = async ({ eve, nano }) => {
  const name = newName();
  const body = { name, source_code: measurement(name), lab_id: nano.id };
  return definition((await eve.client.definitions.create(body)).id, name);
};

type Opened = { merge_request: { id: number } };

/** Proposes a change to the thing that `make` creates. `by` proposes the change; without `by`, the caller does. */
const reviewOf = (make: Maker, by?: (world: World) => Person): Maker => {
  return async (world, asker) => {
    const made = await make(world, asker);
    const source_code = measurement(made.name, 7);
    const who = by?.(world) ?? asker;
    const saved = await who.client.definitions.change(made.id, { source_code });
    return await mergeRequest(world, made, (saved as unknown as Opened).merge_request.id);
  };
};
const eve = ({ eve }: World): Person => eve;

async function mergeRequest({ admin, url }: World, made: Thing, id: number): Promise<Thing> {
  const page = `/api/merge-requests/${id}`;
  const { body } = await ask({ url, person: admin }, 'GET', page);
  return { ...made, id, page, head: JSON.parse(body).head };
}

const newest =
  (make: Maker): Maker =>
  async (world, asker) => {
    const made = await make(world, asker);
    const list = `/api/merge-requests?definition_id=${made.definition}`;
    const { body } = await ask({ url: world.url, person: world.admin }, 'GET', list);
    return await mergeRequest(world, made, JSON.parse(body).items[0].id);
  };

const say =
  (what: string, body?: (thing: Thing) => object) =>
  async ({ url, admin }: World, made: Thing) => {
    const answer = await ask({ url, person: admin }, 'POST', `${made.page}/${what}`, body?.(made));
    if (answer.status >= 300) throw new Error(`${what}: ${answer.body}`);
    return undefined;
  };
const approve = say('reviews', ({ head }) => ({ verdict: 'approve', head }));

/** Creates a thing together with a branch and the merge request that the branch opened. */
const branch = (make: Maker): Maker =>
  newest(
    then(make, async (world, { name }) => {
      await pushBranch(world, name, world.eve);
      return undefined;
    }),
  );

const lab: Maker = async ({ admin, ada, ben, cleo, dan, eve }) => {
  const name = newName();
  const { labs } = admin.client;
  const { id } = await labs.create({ name, code: name });
  for (const [person, role] of [
    [ada, 'admin'],
    [ben, 'contributor'],
    [cleo, 'viewer'],
    [eve, 'viewer'],
  ] as const) {
    await labs.addMember(id, person.id, role);
  }
  return thing({ id, name, page: `/api/labs/${id}`, member: eve.id, stranger: dan.username });
};

const account: Maker = async ({ person }) => {
  const { id, username } = await person(newName().toLowerCase());
  return thing({ id, name: username, page: `/api/users/${id}` });
};

const token =
  (owner?: (world: World) => Person): Maker =>
  async (world, asker) => {
    const name = newName();
    const { tokens } = (owner?.(world) ?? asker).client;
    return thing({ id: (await tokens.create({ name, scope: 'read' })).id, name });
  };

const instrument: Maker = async ({ ada, nano }) => {
  const name = newName();
  const { id } = await ada.client.instruments.create({ name, lab_id: nano.id });
  return thing({ id, name, page: `/api/instruments/${id}`, computer: `${name}-PC` });
};

const computer: Maker = async ({ ada, nano }) => {
  const name = newName();
  const { id } = await ada.client.computers.create({ computer_name: name, lab_id: nano.id });
  return thing({ id, name, page: `/api/computers/${id}`, computer: name });
};

const bound = (name: (of: Thing, asker: Person) => string): Maker => {
  return async (world, asker) => {
    const of = await instrument(world, asker);
    const { id } = await world.ada.client.instruments.bind(of.id, name(of, asker), {});
    return thing({ id, name: of.name, page: `/api/computer-bindings/${id}` });
  };
};

const commitOf = (make: Maker): Maker =>
  then(make, async ({ ada }, { id }) => {
    const { head } = await ada.client.definitions.read(id);
    return { hash: head ?? '', page: `/api/provenance/${head}` };
  });

/** The result that a bench computer posted for the first version. The request names the definition by `definition`. */
const tested = (make: Maker): Maker =>
  then(make, async ({ bench }, { id }) => {
    const details = { items: [], environment: { python: '3.13.1', packages: {} } };
    const result = await bench.client.definitions.postResult(id, 1, { state: 'success', details });
    return { id: result.id };
  });

const privately = landed();
const publicly = landed({ is_public: true });
const reviewed = landed({}, 'reviewed');

/** Creates a thing for each value of the column `on` in docs/access.md. */
export const THINGS: Record<string, Maker> = {
  'private definition': privately,
  'public definition': publicly,
  'built-in definition': builtin,
  'proposed definition': proposed,
  'archived definition': then(privately, async ({ ada }, { id }) => {
    await ada.client.definitions.archive(id);
    return undefined;
  }),
  'private definition of a reviewed lab': reviewed,
  'private definition with two versions': twoVersions(privately),
  'public definition with two versions': twoVersions(publicly),
  'definition with two versions of a reviewed lab': twoVersions(reviewed),
  'merge request': reviewOf(privately, eve),
  'merge request of a public definition': reviewOf(publicly, eve),
  'merge request of a proposed definition': newest(proposed),
  'approved merge request': then(reviewOf(privately, eve), approve),
  'approved merge request of a public definition': then(reviewOf(publicly, eve), approve),
  'closed merge request': then(reviewOf(privately, eve), say('close')),
  'own merge request': reviewOf(reviewed),
  'merge request of a reviewed lab': reviewOf(reviewed, ({ ada }) => ada),
  'commit of a private definition': commitOf(privately),
  'commit of a public definition': commitOf(publicly),
  'test result of a private definition': tested(privately),
  'test result of a public definition': tested(publicly),
  'branch of a private definition': branch(privately),
  'branch of a public definition': branch(publicly),
  lab,
  'reviewed lab': async ({ reviewed: { id } }) => thing({ id, page: `/api/labs/${id}` }),
  "somebody's account": account,
  'own account': async (_world, { id, username }) =>
    thing({ id, name: username, page: `/api/users/${id}` }),
  "somebody's token": token(eve),
  'own token': token(),
  instrument,
  'instrument at itself': async (world, asker) => ({
    ...(await instrument(world, asker)),
    computer: asker.username,
  }),
  computer,
  'enrolled computer': async (world) => {
    const name = newName();
    const { id } = await enrolComputer(world, world.ada, world.nano.id, name);
    return thing({ id, name, page: `/api/computers/${id}`, computer: name });
  },
  binding: bound(({ computer }) => computer),
  'own binding': bound((_, { username }) => username),
  'own computer': async (_world, { id, username: name }) =>
    thing({ id, name, computer: name, page: `/api/computers/${id}` }),
  'own lab': async ({ nano: { id } }) => thing({ id, page: `/api/labs/${id}` }),
  'enrolment code': async ({ ada, nano }) => {
    const { code } = await ada.client.computers.createCode(nano.id);
    return thing({ name: code, computer: newName() });
  },
};
