/** From a commit, or the hash of a file, to the version and its review. */
import { decide, viewerOf } from '../../access/decide.ts';
import { notFound } from '../../errors.ts';
import type { Provenance } from '../../schemas/provenance.ts';
import { type DefinitionSummary, definitionsById } from '../../store/definitions.ts';
import type { Version } from '../../store/entities/index.ts';
import { findMergeRequest } from '../../store/merge-requests.ts';
import { reviewsOf } from '../../store/reviews.ts';
import { newestStanding, versionsOfCommit, versionsWithFile } from '../../store/versions.ts';
import type { Caller } from '../caller.ts';
import { mainFile } from './files.ts';
import { type ReadRooms, versionSummary } from './read-definitions.ts';
import { contentAt } from './version-content.ts';

interface Match {
  definition: DefinitionSummary;
  version: Version;
  /** Null for a commit. */
  path: string | null;
}

/**
 * Of several versions with the same file the one that brought it: the oldest, a definition's main file before any
 * other. Throws `not_found` for what is not there and for what the caller may not see.
 */
export async function provenanceOf(
  rooms: ReadRooms,
  caller: Caller,
  hash: string,
): Promise<Provenance> {
  const [first, ...others] = await matchesOf(rooms, caller, hash.toLowerCase());
  if (!first) throw notFound('version');
  const { definition, version, path } = first;
  const { name, display_name, lab_id } = definition;
  const em = rooms.store.em();
  const newest = await newestStanding(em, [definition.id]);
  return {
    ...(await versionSummary(rooms, definition, version)),
    definition_id: definition.id,
    name,
    display_name,
    lab_id,
    path,
    newest: newest.get(definition.id)?.version ?? null,
    files: (await contentAt(rooms, name, version)).files,
    url: `${rooms.publicUrl()}/definitions/${name}`,
    clone_url: `${rooms.publicUrl()}/definitions/${name}.git`,
    review: await reviewOf(rooms, caller, first),
    others: others.map((match) => ({
      definition_id: match.definition.id,
      name: match.definition.name,
      version: match.version.version,
      commit: match.version.commit,
      path: match.path,
    })),
  };
}

async function matchesOf(
  { store, rules }: ReadRooms,
  { actor }: Caller,
  hash: string,
): Promise<Match[]> {
  const em = store.em();
  const versions =
    hash.length === 40 ? await versionsOfCommit(em, hash) : await versionsWithFile(em, hash);
  const ids = versions.map(({ definition_id }) => definition_id);
  const definitions = await definitionsById(em, ids, viewerOf(actor, rules));
  const matches = versions.flatMap((version): Match[] => {
    const definition = definitions.get(version.definition_id);
    const path = Object.entries(version.files ?? {}).find(([, sha256]) => sha256 === hash)?.[0];
    return definition ? [{ definition, version, path: path ?? null }] : [];
  });
  const isMain = ({ definition, path }: Match) => path === mainFile(definition.name);
  return matches.sort(
    (a, b) =>
      Number(isMain(b)) - Number(isMain(a)) ||
      a.version.created_at.getTime() - b.version.created_at.getTime() ||
      a.version.version - b.version.version,
  );
}

async function reviewOf(
  { store, rules, publicUrl }: ReadRooms,
  { actor }: Caller,
  { definition, version }: Match,
): Promise<Provenance['review']> {
  const id = version.merge_request;
  const read = { on: 'merge-request', do: 'read', labId: definition.lab_id } as const;
  if (id === null || !decide(actor, read, rules).allowed) return null;
  const em = store.em();
  const row = await findMergeRequest(em, id);
  if (!row) return null;
  const reviews = await reviewsOf(em, id);
  return {
    id,
    url: `${publicUrl()}/merge-requests/${id}`,
    title: row.title,
    description: row.description,
    author: row.author,
    reviews: reviews.map((review) => ({
      author: review.author,
      verdict: review.verdict,
      body: review.body,
      head: review.head,
      created_at: review.created_at.toISOString(),
    })),
  };
}
