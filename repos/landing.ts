/** Lands new versions: writes their tags and the state, and prepares the one ref transaction for all of them. */
import { MAIN, STATE, tagRef, versionRef, versionTag } from '../text/refs.ts';
import { RepositoryError } from './errors.ts';
import { ObjectBatch } from './object-batch.ts';
import type { ObjectStore } from './object-store.ts';
import { formatCommit, formatSignedTag, formatTag, formatTree, parseTag } from './object-text.ts';
import type {
  Landing,
  Oid,
  Refs,
  RefUpdate,
  Repository,
  Sign,
  Signature,
  SignedTag,
  Version,
} from './types.ts';

export const STATE_FILE = 'state.json';

const counts = new WeakMap<Refs, number>();

/** Counts the versions. The tags `vN` have no gaps, so the first missing number ends the count. */
export function countVersions(refs: Refs): number {
  let count = counts.get(refs) ?? 0;
  while (refs.has(versionRef(count + 1))) count += 1;
  counts.set(refs, count);
  return count;
}

/** Reads all versions, newest first. Reads only the tags of the versions, and not their commits. */
export async function readVersions(objects: ObjectStore, refs: Refs): Promise<Version[]> {
  const versions: Version[] = [];
  for (let version = countVersions(refs); version > 0; version -= 1) {
    versions.push((await readVersion(objects, refs, version)) as Version);
  }
  return versions;
}

export async function readVersion(
  objects: ObjectStore,
  refs: Refs,
  version: number,
): Promise<Version | undefined> {
  const tag = await readTag(objects, refs, versionTag(version));
  return tag && { version, ...tag };
}

export async function readTag(
  objects: ObjectStore,
  refs: Refs,
  name: string,
): Promise<SignedTag | undefined> {
  const tag = refs.get(tagRef(name))?.oid;
  if (tag === undefined) return undefined;
  return tagOf(tag, (await objects.read(tag, 'tag')).bytes);
}

function tagOf(tag: Oid, bytes: Uint8Array): SignedTag {
  const { object, tagger, record, signed } = parseTag(bytes);
  return { commit: object, tag, taggedAt: tagger.at, record, signed };
}

/** Adds an annotated tag to the batch, signed if `sign` is given. */
export async function addTag(
  batch: ObjectBatch,
  {
    name,
    commit,
    tagger,
    record,
  }: { name: string; commit: Oid; tagger: Signature; record: string },
  sign: Sign | undefined,
): Promise<{ oid: Oid; bytes: Uint8Array }> {
  const payload = formatTag(name, commit, tagger, record);
  const bytes = sign ? formatSignedTag({ payload, signature: await sign(payload) }) : payload;
  return { oid: batch.add('tag', bytes), bytes };
}

/** What a landing writes, and the ref updates that complete it. */
export interface PreparedLanding {
  versions: Version[];
  updates: RefUpdate[];
  batch: ObjectBatch;
  /** The new objects that refs will point to, and what each points to if it is a tag. */
  peeled: ReadonlyMap<Oid, Oid | undefined>;
}

/**
 * Makes the objects of a landing; writes nothing. Signs the tags if `sign` is given. Throws `ref_conflict` if `main` is not
 * at `landing.head`.
 */
export async function prepareLanding(
  repository: Pick<Repository, 'path' | 'workshop'>,
  refs: Refs,
  landing: Landing,
  sign: Sign | undefined,
): Promise<PreparedLanding> {
  const head = refs.get(MAIN)?.oid ?? null;
  if (head !== landing.head) {
    const message = `main is ${head ?? 'absent'}, not ${landing.head ?? 'absent'}`;
    throw new RepositoryError('ref_conflict', message);
  }
  const batch = new ObjectBatch(repository);
  const versions: Version[] = [];
  const updates: RefUpdate[] = [];
  const peeled = new Map<Oid, Oid | undefined>();
  let number = countVersions(refs);
  for (const { commit, record } of landing.versions) {
    number += 1;
    const name = versionTag(number);
    const tag = await addTag(batch, { name, commit, tagger: landing.tagger, record }, sign);
    versions.push({ version: number, ...tagOf(tag.oid, tag.bytes) });
    updates.push({ ref: tagRef(name), from: null, to: tag.oid });
    peeled.set(tag.oid, commit).set(commit, undefined);
  }
  const newest = landing.versions.at(-1)?.commit;
  if (newest !== undefined) updates.push({ ref: MAIN, from: landing.head, to: newest });
  if (landing.state !== undefined) {
    const update = addState(batch, landing.state, landing);
    updates.push(update);
    peeled.set(update.to, undefined);
  }
  return { versions, updates: [...updates, ...(landing.also ?? [])], batch, peeled };
}

/** Throws `bad_object` if the only parent of a version's commit is not the version before. The commits must be written. */
export async function checkLine(
  objects: ObjectStore,
  { head, versions }: Pick<Landing, 'head' | 'versions'>,
): Promise<void> {
  let parent = head;
  for (const { commit } of versions) {
    const { parents } = await objects.readCommit(commit);
    const wanted = parent === null ? [] : [parent];
    if (parents.length !== wanted.length || parents[0] !== wanted[0]) {
      const message =
        parent === null
          ? `commit ${commit} must not have a parent`
          : `commit ${commit} must have ${parent} as its only parent`;
      throw new RepositoryError('bad_object', message);
    }
    parent = commit;
  }
}

/**
 * Adds a commit with the new state to the batch. The parent of this commit is the old state, so git keeps every state.
 */
function addState(
  batch: ObjectBatch,
  { from, text }: { from: Oid | null; text: string },
  { tagger }: Landing,
): RefUpdate & { to: Oid } {
  const oid = batch.add('blob', Buffer.from(text));
  const tree = batch.add('tree', formatTree([{ mode: '100644', name: STATE_FILE, oid }]));
  const commit = formatCommit({
    tree,
    parents: from === null ? [] : [from],
    author: tagger,
    committer: tagger,
    message: 'Record the state\n',
  });
  return { ref: STATE, from, to: batch.add('commit', commit) };
}
