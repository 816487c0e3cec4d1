/**
 * A registry crashes during a change under review. If the crash comes before the refs move, nothing of the change
 * remains. If the crash comes afterwards, all of the change remains, including audit trail and events. (`npm run
 * test:crash` kills a real registry.)
 */
import { readdir, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { repair } from '../../registry/services/repair/repair.ts';
import { type Clone, cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(120_000);
const lab = await startLab(t);
const { ada, ben, deps } = lab;
const DEAD = `999999999.1.${hostname()}`;
type Moment = 'before' | 'after';

/** Simulates the end of the process for this repository, just before or just after its refs move the next time. */
async function endAt(name: string, moment: Moment) {
  const repository = await deps.repositories.open(name);
  const { updateRefs, land } = repository;
  const ending =
    <A, R>(work: (argument: A) => Promise<R>) =>
    async (argument: A): Promise<R> => {
      if (moment === 'after') await work.call(repository, argument);
      // A dead process cleans up nothing, so the code must not treat this error as a refusal.
      throw new Error('the process ended here');
    };
  repository.updateRefs = ending(updateRefs);
  repository.land = ending(land);
  return async () => {
    Object.assign(repository, { updateRefs, land });
    const journal = join(lab.dataDir, 'journal');
    const notes = (await readdir(journal)).filter((note) => note.startsWith(`${name}~`));
    for (const note of notes) await rename(join(journal, note), join(journal, `${name}~${DEAD}`));
    return await repair(deps);
  };
}

/** The state of a definition's merge requests in the database, in git and in the audit trail. */
async function stateOf(name: string) {
  const { id, version } = await ada.client.definitions.byName(name);
  const { items } = await ada.client.mergeRequests.list({ definition_id: id });
  const refs = await (await deps.repositories.open(name)).refs();
  const trail = await ada.client.audit({ lab_id: lab.nano.id, per_page: 200 });
  return {
    version,
    refs: [...refs].map(([ref, { oid }]) => `${ref} ${oid}`),
    pages: await Promise.all(items.map(({ id }) => ada.client.mergeRequests.read(id))),
    trail: trail.items.filter(({ subject }) => subject.split(' ')[0] === name).toReversed(),
  };
}
type Known = Awaited<ReturnType<typeof stateOf>>;

interface Crash {
  /** Runs just before the action that is interrupted. */
  prepare(clone: Clone, name: string): Promise<unknown>;
  /** The action that is interrupted. */
  act(clone: Clone, name: string): Promise<unknown>;
  /** The expected state once the refs have moved. */
  done: (before: Known) => { pages: object[]; trail: object[]; version?: number };
}

const branch = 'HEAD:refs/heads/idea';
const write = (clone: Clone, text: string) => clone.commit({ 'notes.txt': text }, 'Add notes');
const firstOf = async (name: string) => (await stateOf(name)).pages[0]?.id ?? 0;
const byRepair = { repaired: true };

const CRASHES: Record<string, Crash> = {
  Opened: {
    prepare: (clone) => write(clone, 'one\n'),
    act: (clone) => clone.push('-o', 'draft', branch),
    done: () => ({
      pages: [{ state: 'open', draft: true, heads: [{ pushed_by: { username: 'ben' } }] }],
      trail: [{ action: 'merge_request.opened', actor: 'ben', after: byRepair }],
    }),
  },
  Updated: {
    async prepare(clone) {
      await write(clone, 'one\n');
      await clone.push(branch);
      await write(clone, 'two\n');
    },
    act: (clone) => clone.push('-o', 'title=Two', branch),
    done: ({ pages: [was] }) => ({
      pages: [{ title: 'Two', heads: [{ head: was?.head }, { pushed_by: { username: 'ben' } }] }],
      trail: [
        {
          action: 'merge_request.updated',
          actor: 'ben',
          before: { head: was?.head },
          after: byRepair,
        },
        { action: 'merge_request.edited', actor: 'ben', after: { title: 'Two', ...byRepair } },
      ],
    }),
  },
  Closed: {
    async prepare(clone) {
      await write(clone, 'one\n');
      await clone.push(branch);
    },
    act: (clone) => clone.push('--delete', 'idea'),
    done: () => ({
      pages: [{ state: 'closed', closed_by: { username: 'ben' }, closed_at: String }],
      trail: [{ action: 'merge_request.closed', actor: 'ben', after: byRepair }],
    }),
  },
  Merged: {
    async prepare(clone, name) {
      const head = await write(clone, 'one\n');
      await clone.push(branch);
      await ada.client.mergeRequests.review(await firstOf(name), { verdict: 'approve', head });
    },
    async act(clone, name) {
      const head = await clone.git('rev-parse', 'HEAD');
      const merging = ada.client.mergeRequests.merge(await firstOf(name), { head });
      await merging.catch((error) => t.match(error, { status: 500 }));
    },
    done: ({ pages: [was] }) => ({
      version: 2,
      pages: [{ state: 'merged', merged_version: 2, head: was?.head }],
      trail: [
        { action: 'definition.landed', actor: 'ada', after: { version: 2, ...byRepair } },
        { action: 'merge_request.merged', actor: 'ada', after: { version: 2, ...byRepair } },
      ],
    }),
  },
  Overridden: {
    async prepare(clone) {
      await write(clone, 'one\n');
      await clone.push(branch);
    },
    async act(clone, name) {
      const head = await clone.git('rev-parse', 'HEAD');
      const order = { head, override: 'no time' };
      const merging = ada.client.mergeRequests.merge(await firstOf(name), order);
      await merging.catch((error) => t.match(error, { status: 500 }));
    },
    done: () => ({
      version: 2,
      pages: [{ state: 'merged', merged_version: 2 }],
      trail: [
        { action: 'definition.landed' },
        { action: 'merge_request.merged', actor: 'ada', after: byRepair },
        {
          action: 'definition.overridden',
          actor: 'ada',
          after: {
            version: 2,
            reason: 'no time',
            set_aside: [/of 1 required approvals/],
            ...byRepair,
          },
        },
      ],
    }),
  },
  Together: {
    prepare: (clone) => write(clone, 'one\n'),
    act: (clone) => clone.push('--atomic', branch, 'HEAD:refs/heads/other'),
    done: () => ({
      pages: [{ state: 'open' }, { state: 'open' }],
      trail: [{ action: 'merge_request.opened' }, { action: 'merge_request.opened' }],
    }),
  },
};

for (const [what, { prepare, act, done }] of Object.entries(CRASHES)) {
  for (const moment of ['before', 'after'] as const) {
    t.test(`${what}: killed ${moment} the refs move`, async (t: Test) => {
      const name = `${what}_${moment}`;
      await ada.client.definitions.create({ name, source_code: measurement(name) });
      const clone = await cloneOf(t, lab, name, ben);
      await prepare(clone, name);
      const before = await stateOf(name);
      const restart = await endAt(name, moment);
      await act(clone, name);
      t.same(await restart(), {
        repaired: moment === 'after' ? [name] : repairedBy(what, name),
        failed: [],
      });
      const after = await stateOf(name);
      if (moment === 'before') t.same(after, before, 'nothing of the change remains');
      else {
        const { trail, ...rest } = done(before);
        t.match(after, rest);
        const added = after.trail.slice(before.trail.length);
        t.match(added, trail);
        t.equal(added.length, trail.length, 'no event is sent twice');
      }
      t.same(await repair(deps), { repaired: [], failed: [] });
      await goesOn(t, clone, name);
    });
  }
}

t.test(
  'killed after a push has moved the head of a merge request that was just closed',
  async (t) => {
    const name = 'ClosedMeanwhile';
    await ada.client.definitions.create({ name, source_code: measurement(name) });
    const clone = await cloneOf(t, lab, name, ben);
    await write(clone, 'one\n');
    await clone.push(branch);
    const id = await firstOf(name);
    await write(clone, 'two\n');
    const repository = await deps.repositories.open(name);
    const { updateRefs } = repository;
    const restart = await endAt(name, 'after');
    const end = repository.updateRefs;
    repository.updateRefs = async (updates) => {
      // The push has read that the merge request is open.
      Object.assign(repository, { updateRefs });
      await ada.client.mergeRequests.close(id);
      await end.call(repository, updates);
    };
    await clone.push(branch);
    t.match(await restart(), { repaired: [name], failed: [] });
    const head = await clone.git('rev-parse', 'HEAD');
    const { pages, refs, trail } = await stateOf(name);
    t.match(pages, [
      { id, state: 'closed', head, heads: [{}, { head, pushed_by: { username: 'ben' } }] },
    ]);
    t.ok(refs.includes(`refs/merge-requests/${id}/head ${head}`));
    t.match(trail.at(-1), {
      action: 'merge_request.updated',
      actor: 'ben',
      after: { head, ...byRepair },
    });
    t.same(await repair(deps), { repaired: [], failed: [] });
  },
);

/**
 * The repositories that a repair reports for a crash before the refs move. The repair reverts rows that the action
 * wrote before the refs move. A landing writes no rows before the refs move, and the rows of a closing are not visible.
 */
const repairedBy = (what: string, name: string): string[] =>
  ['Opened', 'Updated', 'Together'].includes(what) ? [name] : [];

/** The next push is accepted as if nothing had happened. */
async function goesOn(t: Test, clone: Clone, name: string) {
  await clone.git('fetch', '-q', '--prune', 'origin');
  await clone.git('reset', '-q', '--hard', 'origin/main');
  await write(clone, 'next\n');
  const { code, stderr } = await clone.push('--force', branch);
  t.equal(code, 0, stderr);
  const [, id] = /Merge request !(\d+): http/.exec(stderr) ?? [];
  const page = await ada.client.mergeRequests.read(Number(id));
  t.match(page, {
    state: 'open',
    definition: { name },
    head: await clone.git('rev-parse', 'HEAD'),
  });
}
