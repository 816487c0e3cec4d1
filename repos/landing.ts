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
  Sign,
  Signature,
  SignedTag,
  Version,
} from './types.ts';

export const STATE_FILE = 'state.json';

/** Counts the versions. The tags `vN` have no gaps, so the first missing number ends the count. */
export function countVersions(refs: Refs): number {
  let count = 0;
  while (refs.has(versionRef(count + 1))) count += 1;
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

/**
 * Writes the objects of a landing durably and returns the ref updates that complete it. Signs the tags if `sign` is given.
 * Throws `ref_conflict` if `main` is not at `landing.head`. Throws `bad_object` if the only parent of a version's commit
 * is not the previous version.
 */
export async function prepareLanding(
  path: string,
  objects: ObjectStore,
  refs: Refs,
  landing: Landing,
  sign: Sign | undefined,
): Promise<{ versions: Version[]; updates: RefUpdate[] }> {
  const head = refs.get(MAIN)?.oid ?? null;
  if (head !== landing.head) {
    const message = `main is ${head ?? 'absent'}, not ${landing.head ?? 'absent'}`;
    throw new RepositoryError('ref_conflict', message);
  }
  const batch = new ObjectBatch(path);
  const versions: Version[] = [];
  const updates: RefUpdate[] = [];
  let number = countVersions(refs);
  let parent = landing.head;
  for (const { commit, record } of landing.versions) {
    await checkFollows(objects, commit, parent);
    parent = commit;
    number += 1;
    const name = versionTag(number);
    const tag = await addTag(batch, { name, commit, tagger: landing.tagger, record }, sign);
    versions.push({ version: number, ...tagOf(tag.oid, tag.bytes) });
    updates.push({ ref: tagRef(name), from: null, to: tag.oid });
  }
  if (parent !== landing.head) updates.push({ ref: MAIN, from: landing.head, to: parent });
  if (landing.state !== undefined) {
    updates.push(addState(batch, landing.state, landing));
  }
  await batch.write();
  return { versions, updates: [...updates, ...(landing.also ?? [])] };
}

async function checkFollows(objects: ObjectStore, commit: Oid, parent: Oid | null): Promise<void> {
  const { parents } = await objects.readCommit(commit);
  const wanted = parent === null ? [] : [parent];
  if (parents.length !== wanted.length || parents[0] !== wanted[0]) {
    const message =
      parent === null
        ? `commit ${commit} must not have a parent`
        : `commit ${commit} must have ${parent} as its only parent`;
    throw new RepositoryError('bad_object', message);
  }
}

/**
 * Adds a commit with the new state to the batch. The parent of this commit is the old state, so git keeps every state.
 */
function addState(
  batch: ObjectBatch,
  { from, text }: { from: Oid | null; text: string },
  { tagger }: Landing,
): RefUpdate {
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
