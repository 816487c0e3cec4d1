/** What programs and people in the browser do over HTTP. */
import { createHash } from 'node:crypto';
import { RegistryError } from '../../client/typescript/client.ts';
import { measurement } from '../helpers/registry.ts';
import type { Answered, Entry, Sent } from './history.ts';
import { COMPUTER, clientOf, type World } from './world.ts';

/** A change by a client of the registry at `url`. Does nothing if there is nothing to change. */
export type Action = (world: World, url: string) => Promise<unknown>;

/** Sends a change, and writes down what was sent and answered. */
export async function recorded(
  { history }: World,
  sent: Sent,
  ask: () => Promise<Partial<Answered>>,
): Promise<Entry> {
  const entry = history.begin(sent);
  try {
    history.end(entry, { answer: 'done', detail: '', ...(await ask()) });
  } catch (error) {
    history.end(entry, outcomeOf(error));
  }
  return entry;
}

/** Only a 4xx promises that nothing was changed. A request that was cut off rejects with a `TypeError`. */
function outcomeOf(error: unknown): Answered {
  if (error instanceof RegistryError) {
    const answer = error.status < 500 ? 'refused' : 'unknown';
    return { answer, detail: `${error.status} ${error.message}` };
  }
  if (error instanceof TypeError) return { answer: 'unknown', detail: 'cut off' };
  throw error;
}

/** The id that git gives a file with this content. */
export const blobOf = (text: string): string =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');

const MOST_DEFINITIONS = 12;

const create: Action = async (world, url) => {
  const { history, names, labId } = world;
  const mark = history.mark();
  const name = `Made_${mark}`;
  if (names.length >= MOST_DEFINITIONS) return;
  const source_code = measurement(name);
  const sent = { what: 'create', about: name, mark, makes: [mark], blob: blobOf(source_code) };
  const { definitions } = clientOf(url, world.admin);
  await recorded(world, sent, async () => {
    await definitions.create({ name, lab_id: labId, source_code, change_summary: mark });
    names.push(name);
    return { version: 1 };
  });
};

const save: Action = async (world, url) => {
  const { random, history } = world;
  const name = random.pick(world.names);
  const { definitions } = clientOf(url, world.admin);
  const { id, version } = await definitions.byName(name);
  const mark = history.mark();
  const broken = random.chance(0.1);
  const stale = random.chance(0.1);
  const source_code = measurement(name, random.int(1e9)) + (broken ? 'def broken(:\n' : '');
  const sent = { what: 'save', about: name, mark, makes: [mark], blob: blobOf(source_code) };
  await recorded(world, sent, async () => {
    const saved = await definitions.change(id, {
      source_code,
      change_summary: mark,
      ...(stale && { expected_version: (version as number) + 1 }),
    });
    return { version: saved.version as number };
  });
};

const rollBack: Action = async (world, url) => {
  const { random, history } = world;
  const about = random.pick(world.names);
  const { definitions } = clientOf(url, world.admin);
  const { id, version } = await definitions.byName(about);
  const mark = history.mark();
  await recorded(world, { what: 'roll back', about, mark, makes: [mark] }, async () => {
    const to = 1 + random.int(version as number);
    return { version: (await definitions.rollback(id, to, mark)).version as number };
  });
};

/** What somebody has read must never be gone. */
const read: Action = async (world, url) => {
  const about = world.random.pick(world.names);
  const { version, head } = await clientOf(url, world.contributor).definitions.byName(about);
  const sent = { what: 'read', about, mark: world.history.mark(), makes: [head as string] };
  await recorded(world, sent, async () => ({ version: version as number }));
};

/** Revokes or deprecates a version that was saved, once. */
const judge: Action = async (world, url) => {
  const { history, random } = world;
  const saved = history.entries.filter(({ what, answer }) => what === 'save' && answer === 'done');
  if (saved.length === 0) return;
  const { about, version } = random.pick(saved);
  const what = `judge v${version}`;
  const { definitions } = clientOf(url, world.admin);
  const { id } = await definitions.byName(about);
  if (history.entries.some((entry) => entry.about === about && entry.what === what)) return;
  const mark = history.mark();
  await recorded(world, { what, about, mark, makes: [mark] }, async () => {
    await definitions[random.pick(['revoke', 'deprecate'] as const)](id, version as number, mark);
    return {};
  });
};

const makeToken: Action = async (world, url) => {
  const mark = world.history.mark();
  await recorded(world, { what: 'make a token', about: '', mark, makes: [mark] }, async () => {
    await clientOf(url, world.admin).tokens.create({ name: mark, scope: 'read' });
    return {};
  });
};

const removeToken: Action = async (world, url) => {
  const { history, random } = world;
  const made = history.entries.filter(
    ({ what, answer, mark }) =>
      what === 'make a token' &&
      answer === 'done' &&
      !history.entries.some(({ removes }) => removes?.includes(mark)),
  );
  if (made.length === 0) return;
  const { mark } = random.pick(made);
  const { tokens } = clientOf(url, world.admin);
  const token = (await tokens.list()).items.find(({ name }) => name === mark);
  if (history.entries.some(({ removes }) => removes?.includes(mark))) return;
  const sent = { what: 'remove a token', about: '', mark: '', makes: [], removes: [mark] };
  await recorded(world, sent, async () => {
    await tokens.remove(token?.id as number);
    return {};
  });
};

/** Makes an instrument and its binding in one request. */
const bind: Action = async (world, url) => {
  const mark = world.history.mark();
  const makes = [`instrument ${mark}`, `binding ${mark}`];
  const { computers } = clientOf(url, world.admin);
  await recorded(world, { what: 'bind', about: '', mark, makes }, async () => {
    await computers.bindNew(COMPUTER, { key: mark, name: mark, adapter: `GPIB::${mark}` });
    return {};
  });
};

/** Reviews, comments on, closes or merges an open merge request. */
const decide: Action = async (world, url) => {
  const { random, history, labId } = world;
  const { mergeRequests } = clientOf(url, world.admin);
  const { items } = await mergeRequests.list({ lab_id: labId, state: 'open' });
  if (items.length === 0) return;
  const { id, head } = random.pick(items);
  const mark = history.mark();
  const about = `!${id}`;
  const ask = async (what: string, makes: string[], work: () => Promise<{ version?: number }>) =>
    await recorded(world, { what, about, mark, makes }, work);
  const kind = random.pick(['review', 'comment', 'close', 'rebase', 'merge', 'merge', 'merge']);
  if (kind === 'review')
    await ask('review', [mark], async () => {
      await mergeRequests.review(id, { verdict: 'approve', body: mark, head });
      return {};
    });
  else if (kind === 'comment')
    await ask('comment', [mark], async () => {
      await mergeRequests.comment(id, { body: mark });
      return {};
    });
  else if (kind === 'close')
    await ask('close', [`closed ${about}`], async () => {
      await mergeRequests.close(id);
      return {};
    });
  else if (kind === 'rebase')
    await ask('rebase', [], async () => {
      await mergeRequests.rebase(id, { head });
      return {};
    });
  else {
    const override = random.chance(0.7) && { override: `${mark}, and no time` };
    await ask('merge', [`merged ${about}`], async () => {
      await mergeRequests.edit(id, { draft: false });
      const { merged_version } = await mergeRequests.merge(id, { head, ...override });
      return { version: merged_version as number };
    });
  }
};

export const BY_REST: [weight: number, action: Action][] = [
  [2, create],
  [8, save],
  [2, rollBack],
  [2, read],
  [2, judge],
  [2, makeToken],
  [1, removeToken],
  [2, bind],
  [8, decide],
];
