/** Packs: valid ones with changes to their structure and bytes. The registry accepts none that git refuses. */

import { gitResult } from '../helpers/git.ts';
import { measurement } from '../helpers/registry.ts';
import {
  appending,
  idOf,
  type PackEntry,
  packFrom,
  sealed,
  whole,
} from '../repos/serve/pack-writer.ts';
import { post, pushBody, rawCommit, rawTree, readPushAnswer } from '../repos/serve/raw.ts';
import { faultOf } from './answer.ts';
import { mangle, type Random } from './random.ts';
import type { Subject } from './subject.ts';

/** A new commit on `parent`, its id and its objects. */
export function changeOf(random: Random, parent: string) {
  const blob = whole('blob', measurement('Fuzzed', random.below(1e9)));
  const tree = whole('tree', rawTree([['100644', 'Fuzzed.py', idOf(blob)]]));
  const made = whole('commit', rawCommit(idOf(tree), parent));
  const entries: PackEntry[] = [made, tree, blob];
  return { entries, commit: idOf(made), blob, pack: packFrom(entries) };
}

const flip = (random: Random, pack: Buffer): Buffer => {
  const changed = Buffer.from(pack.subarray(0, -20));
  for (let times = 1 + random.below(3); times > 0; times -= 1)
    changed[random.below(changed.length)] = random.below(256);
  return sealed(changed);
};

function variant(random: Random, parent: string): { commit: string; pack: Buffer } {
  const { entries, commit, blob, pack } = changeOf(random, parent);
  const base = entries.length - 1;
  const delta = appending(blob.bytes, 'x = 1\n');
  const by = random.pick(['offset', 'id'] as const);
  const twisted = { base, by, delta: mangle(random, delta) };
  const made: () => Buffer = random.pick([
    () => pack,
    () => flip(random, pack),
    () => flip(random, pack),
    () => mangle(random, pack),
    () => sealed(mangle(random, pack.subarray(0, -20))),
    () => pack.subarray(0, random.below(pack.length)),
    () => Buffer.concat([pack, random.bytes(random.below(40))]),
    () => packFrom(entries, { count: random.pick([0, 1, 2, 4, 5, 33, 100_001, 0xffffffff]) }),
    () => packFrom(entries, { version: random.pick([0, 1, 3, 4, 99]) }),
    () => packFrom(entries, { size: random.pick([0, 1, 100, 65_536, 2 ** 25, 2 ** 31 - 1]) }),
    () => packFrom(entries, { after: random.bytes(random.below(40)) }),
    () => packFrom([...entries, ...entries]),
    () => packFrom(entries.slice(random.below(2), 1 + random.below(3))),
    () => packFrom([...entries, { base, by, delta }]),
    () => packFrom([...entries, { base, by, delta }, { base, by, delta }]),
    () => packFrom([...entries, twisted]),
    () => flip(random, packFrom([...entries, { base, by, delta }])),
    () => packFrom([...entries, whole('tree', random.bytes(random.below(80)))]),
    () => packFrom([...entries, whole('commit', mangle(random, Buffer.from(rawCommit(commit))))]),
    () => packFrom([...entries, whole('tag', mangle(random, Buffer.from(`object ${commit}\n`)))]),
    () => packFrom([...entries, whole('blob', Buffer.alloc(1 << random.below(27)))], { level: 9 }),
  ]);
  return { commit, pack: made() };
}

/** Pushes one pack, and asks git about the same bytes. Returns what is wrong. */
export async function packCase(random: Random, subject: Subject): Promise<string | undefined> {
  const { commit, pack } = variant(random, subject.head);
  const ref = `refs/heads/p${random.below(1e9)}`;
  const before = await subject.state();
  const body = pushBody([{ ref, from: null, to: commit }], pack);
  const answer = await post(subject.gitUrl, 'git-receive-pack', body, subject.headers);
  if (answer.status !== 200) return faultOf(answer.status, answer.bytes.toString());
  const { unpackError, refs } = readPushAnswer(answer.bytes);
  if (unpackError === null && refs.every(({ ok }) => ok)) return await refusedByGit(subject, pack);
  const after = await subject.state();
  if (after !== before) return `refused (${unpackError}), but the repository has changed`;
  const left = await subject.workshop();
  return left.length > 0 ? `refused, but left ${left}` : undefined;
}

/** Git's complaint about a pack that the registry has accepted. */
async function refusedByGit({ repository, judge }: Subject, pack: Buffer) {
  const { code, stderr } = await gitResult(['index-pack', '--strict', '--stdin'], {
    cwd: judge,
    env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: `${repository}/objects` },
    input: pack,
  });
  return code === 0 ? undefined : `accepted, but git refuses it: ${stderr}`;
}
