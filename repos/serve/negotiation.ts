/** Removes from a fetch request the objects and refs that the client may not see, before git reads the request. */
import type { Repository } from '../types.ts';
import type { FetchRequest } from '../wire/fetch.ts';
import { ZERO_OID } from '../wire/oid.ts';
import { reachableCommits, tipsOf, type Viewer } from './reachable.ts';
import type { VisibleRefs } from './visible-refs.ts';

/** Returns the line that git may read, or null to remove the line. */
export type Screen = (line: string) => string | null;

/** Lines with an object that the client claims to have. Lines with `want` are checked elsewhere. */
const NAMED = /^(have|shallow) ([0-9a-f]{40})$/;
const DEEPEN_NOT = 'deepen-not ';

/**
 * Returns a function that removes `have` and `shallow` lines with objects that no visible ref reaches. Git then answers
 * as if it did not know these objects. An honest client loses nothing, because no pack for this client contains those
 * objects.
 */
export async function screenFor(
  repository: Repository,
  seen: VisibleRefs,
  { haves, options }: FetchRequest,
  viewer: Viewer,
): Promise<Screen> {
  const tips = tipsOf(seen);
  const shallow = options.flatMap((option) => NAMED.exec(option)?.[2] ?? []);
  // Usually all objects in the request are tips: after a landing a client has the previous version, and every version
  // has a tag.
  const known = haves.every((oid) => tips.has(oid)) && shallow.every((oid) => tips.has(oid));
  const commits = known ? tips : await reachableCommits(repository, seen, viewer);
  return (line) => {
    const [, , oid] = NAMED.exec(line) ?? [];
    if (oid !== undefined) return tips.has(oid) || commits.has(oid) ? line : null;
    if (!line.startsWith(DEEPEN_NOT)) return line;
    return `${DEEPEN_NOT}${refNamed(seen, line.slice(DEEPEN_NOT.length))}`;
  };
}

/** Returns the first name after `deepen-not` that is not a visible ref, or undefined. */
export function unknownRef(seen: VisibleRefs, { options }: FetchRequest): string | undefined {
  return options
    .filter((option) => option.startsWith(DEEPEN_NOT))
    .map((option) => option.slice(DEEPEN_NOT.length))
    .find((name) => refNamed(seen, name) === undefined);
}

/**
 * Returns the full name of a visible ref for a short or full name (gitrevisions(7), "<refname>"). Git itself might resolve
 * a short name to a hidden ref.
 */
function refNamed({ refs, head }: VisibleRefs, name: string): string | undefined {
  if (name === 'HEAD' && head !== undefined) return name;
  const names = new Set(refs.map(([ref]) => ref));
  return [name, `refs/${name}`, `refs/tags/${name}`, `refs/heads/${name}`].find((candidate) =>
    names.has(candidate),
  );
}

/**
 * Applies the screen to a request of protocol v2. If the screen removes every `have`, adds one with an id that does not
 * exist. Git answers unknown haves with a NAK, but would answer a request without haves with a pack.
 */
export function screened(request: FetchRequest, screen: Screen): FetchRequest {
  const haves = request.haves.filter((oid) => screen(`have ${oid}`) !== null);
  if (haves.length === 0 && request.haves.length > 0) haves.push(ZERO_OID);
  return { ...request, haves, options: request.options.flatMap((option) => screen(option) ?? []) };
}
