/** Performs the operation of a row as every caller in its columns, and with tokens of smaller scopes. */
import type { Test } from 'tap';
import type { Row } from './matrix.ts';
import { type Asker, withTokens } from './persons.ts';
import { THINGS, type Thing } from './things.ts';
import type { World } from './world.ts';

export interface Cell {
  /** The column, with the scope of the token if the cell tests a scope. */
  who: string;
  expected: string;
  asker: Asker;
  /** Undefined if the operation is not about a thing. */
  thing: Thing | undefined;
}

export interface Asking {
  world: World;
  askers: Record<string, Asker>;
  /** Whether the operation changes the thing. */
  changes: boolean;
  /** The expected answer to a token whose scope is too small. */
  tooLittle: string;
  cell(t: Test, cell: Cell): Promise<void>;
}

/**
 * First sends the requests of all callers who are not allowed, concurrently, and checks that they changed nothing. Then
 * sends the requests of the allowed callers, each on a separate thing.
 */
export async function askEverybody(t: Test, row: Row, asking: Asking): Promise<void> {
  const { world, askers } = asking;
  const all = await cellsOf(row, askers, asking.tooLittle);
  const denied = all.filter(({ expected }) => !isAllowed(expected));
  const things = new Set(
    await Promise.all(denied.map(({ of }) => thingFor(world, row, of, false))),
  );
  const before = await readState(world, things);
  await Promise.all(
    denied.map(async ({ of, ...cell }) =>
      asking.cell(t, { ...cell, thing: await thingFor(world, row, of, false) }),
    ),
  );
  t.strictSame(await readState(world, things), before, 'refused callers change nothing');
  await Promise.all(
    all
      .filter(({ expected }) => isAllowed(expected))
      .map(async ({ of, ...cell }) =>
        asking.cell(t, { ...cell, thing: await thingFor(world, row, of, asking.changes) }),
      ),
  );
}

const isAllowed = (cell: string): boolean => cell !== 'refused' && !(Number(cell) >= 400);

type Planned = Omit<Cell, 'thing'> & { of: Asker };

/**
 * Tests scopes with a caller who is allowed to perform the operation. Prefers a caller who is bound by the lab's rules.
 */
async function cellsOf(
  { cells, token }: Row,
  askers: Record<string, Asker>,
  tooLittle: string,
): Promise<Planned[]> {
  const all = [...cells].map(([who, expected]): Planned => {
    const asker = askers[who] as Asker;
    return { who, expected, asker, of: asker };
  });
  const may = all.filter(({ expected, asker }) => isAllowed(expected) && asker.person);
  const telling = may.find(({ who }) => who === 'lab admin') ?? may.at(-1);
  if (token === null || !telling) return all;
  const scoped = await withTokens(telling.asker, token);
  return [
    ...all.filter((one) => one !== telling),
    ...scoped.map(({ scope, suffices, asker }) => ({
      ...telling,
      asker,
      who: `${telling.who} with a token of scope ${scope}`,
      expected: suffices ? telling.expected : tooLittle,
    })),
  ];
}

const shared = new Map<string, Promise<Thing>>();

/** A thing that belongs to the caller (`own`) is never shared. */
async function thingFor(
  world: World,
  { on }: Row,
  { person = world.eve }: Asker,
  fresh: boolean,
): Promise<Thing | undefined> {
  if (on === null) return undefined;
  const key = on.startsWith('own ') ? `${on} ${person.username}` : on;
  const made =
    (!fresh && shared.get(key)) || (THINGS[on] as (typeof THINGS)[string])(world, person);
  if (!fresh) shared.set(key, made);
  return await made;
}

/** The state that any write would change: the newest audit entries, and all refs. */
async function readState({ deps }: World, things: Set<Thing | undefined>): Promise<unknown> {
  const { store, repositories } = deps;
  const newest = 'select id, actor, action, subject from audit_events order by id desc limit 5';
  const refs = [...things].map(async (thing) =>
    thing?.repository ? (await repositories.open(thing.repository)).refs() : null,
  );
  return { entries: await store.em().execute(newest), refs: await Promise.all(refs) };
}
