/** Finds the version that a commit or the hash of a file belongs to, and the review of that version. */
import { decide, viewerOf } from '../../access/decide.ts';
import { notFound, Problem } from '../../errors.ts';
import type { Provenance } from '../../schemas/provenance.ts';
import { type DefinitionSummary, definitionsById } from '../../store/definitions.ts';
import type { Version } from '../../store/entities/index.ts';
import { findMergeRequest } from '../../store/merge-requests.ts';
import { reviewsOf } from '../../store/reviews.ts';
import { newestStanding, versionsWithHashLike } from '../../store/versions.ts';
import type { Caller } from '../caller.ts';
import { mainFile } from '../content/files.ts';
import { contentAt } from '../content/version-content.ts';
import { type ReadDeps, versionSummary } from './read-definitions.ts';

/** The most hashes with the same prefix that the error message lists. */
const MOST_NAMED = 10;

interface Match {
  definition: DefinitionSummary;
  version: Version;
  /** The full hash. The caller may have given only a prefix. */
  hash: string;
  /** The path of the file with this hash. Null if the hash is that of a commit. */
  path: string | null;
}

/**
 * Finds a version by a hash or by the first digits of one. If several versions have the file, the result is the oldest
 * of them. A match with a definition's main file comes before matches with other files. Throws `not_found` if no
 * version that the caller may see has the hash, and `conflict` if several hashes begin with these digits.
 */
export async function provenanceOf(
  deps: ReadDeps,
  caller: Caller,
  hash: string,
): Promise<Provenance> {
  const matches = await matchesOf(deps, caller, hash.toLowerCase());
  const [first, ...others] = matches;
  if (!first) throw notFound('version');
  if (new Set(matches.map((match) => match.hash)).size > 1) throw ambiguousHash(hash, matches);
  const { definition, version, path } = first;
  const { name, display_name, lab_id } = definition;
  const em = deps.store.em();
  const newest = await newestStanding(em, [definition.id]);
  return {
    ...(await versionSummary(deps, caller, definition, version)),
    definition_id: definition.id,
    name,
    display_name,
    lab_id,
    path,
    newest: newest.get(definition.id)?.version ?? null,
    files: (await contentAt(deps, name, version)).files,
    url: `${deps.publicUrl()}/definitions/${name}`,
    clone_url: `${deps.publicUrl()}/definitions/${name}.git`,
    review: await reviewOf(deps, caller, first),
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
  { store, rules }: ReadDeps,
  { actor }: Caller,
  hash: string,
): Promise<Match[]> {
  const em = store.em();
  const versions = await versionsWithHashLike(em, hash);
  const ids = versions.map(({ definition_id }) => definition_id);
  const definitions = await definitionsById(em, ids, viewerOf(actor, rules));
  const matches = versions.flatMap((version): Match[] => {
    const definition = definitions.get(version.definition_id);
    if (!definition) return [];
    const paths = new Map<string, string | null>([[version.commit, null]]);
    for (const [path, sha256] of Object.entries(version.files ?? {}))
      if (!paths.has(sha256)) paths.set(sha256, path);
    return [...paths]
      .filter(([whole]) => whole.startsWith(hash))
      .map(([whole, path]) => ({ definition, version, hash: whole, path }));
  });
  const isMain = ({ definition, path }: Match) => path === mainFile(definition.name);
  return matches.sort(
    (a, b) =>
      Number(isMain(b)) - Number(isMain(a)) ||
      a.version.created_at.getTime() - b.version.created_at.getTime() ||
      a.version.version - b.version.version,
  );
}

function ambiguousHash(hash: string, matches: readonly Match[]): Problem {
  const candidates = new Map(
    matches.map((match) => [
      match.hash,
      `${match.hash} (${match.path ?? 'commit'} of ${match.definition.name} v${match.version.version})`,
    ]),
  );
  const named = [...candidates.values()].slice(0, MOST_NAMED).join(', ');
  return new Problem(
    'conflict',
    `${candidates.size} hashes begin with ${hash}. Give more digits: ${named}`,
  );
}

async function reviewOf(
  { store, rules, publicUrl }: ReadDeps,
  { actor }: Caller,
  { definition, version }: Match,
): Promise<Provenance['review']> {
  const id = version.merge_request;
  const labId = definition.lab_id;
  const read = { on: 'merge-request', do: 'read', labId, isOpen: false } as const;
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
