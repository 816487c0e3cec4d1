/** Screens a fetch request, so that git reads no name of an object or a ref that its sender may not see. */
import type { Repository } from '../types.ts';
import type { FetchRequest } from '../wire/fetch.ts';
import { ZERO_OID } from '../wire/oid.ts';
import { reachableCommits, tipsOf, type Viewer } from './reachable.ts';
import type { VisibleRefs } from './visible-refs.ts';

/** Returns the line as git may read it, or null to leave it out. */
export type Screen = (line: string) => string | null;

/** Lines that name an object that the server may not have. Wants are checked elsewhere. */
const NAMED = /^(have|shallow) ([0-9a-f]{40})$/;
const DEEPEN_NOT = 'deepen-not ';

/**
 * Leaves out the haves and shallow lines that no visible ref reaches, as if git did not know the object. An honest client
 * loses nothing: no pack that it can get contains those objects.
 */
export async function screenFor(
  repository: Repository,
  seen: VisibleRefs,
  { haves, options }: FetchRequest,
  viewer: Viewer,
): Promise<Screen> {
  const tips = tipsOf(seen);
  const shallow = options.flatMap((option) => NAMED.exec(option)?.[2] ?? []);
  // The usual case after a landing: the client has the previous version, and each version has a tag.
  const known = haves.every((oid) => tips.has(oid)) && shallow.every((oid) => tips.has(oid));
  const commits = known ? tips : await reachableCommits(repository, seen, viewer);
  return (line) => {
    const [, , oid] = NAMED.exec(line) ?? [];
    if (oid !== undefined) return tips.has(oid) || commits.has(oid) ? line : null;
    if (!line.startsWith(DEEPEN_NOT)) return line;
    return `${DEEPEN_NOT}${refNamed(seen, line.slice(DEEPEN_NOT.length))}`;
  };
}

/** The first name after `deepen-not` that is not a visible ref. */
export function unknownRef(seen: VisibleRefs, { options }: FetchRequest): string | undefined {
  return options
    .filter((option) => option.startsWith(DEEPEN_NOT))
    .map((option) => option.slice(DEEPEN_NOT.length))
    .find((name) => refNamed(seen, name) === undefined);
}

/** The visible ref of this name, short or full (gitrevisions(7), "<refname>"): git could take a short one for a hidden ref. */
function refNamed({ refs, head }: VisibleRefs, name: string): string | undefined {
  if (name === 'HEAD' && head !== undefined) return name;
  const names = new Set(refs.map(([ref]) => ref));
  return [name, `refs/${name}`, `refs/tags/${name}`, `refs/heads/${name}`].find((candidate) =>
    names.has(candidate),
  );
}

/**
 * The screened request, for protocol v2. If no have is left, it gets one that does not exist: git answers a request
 * without haves with a pack at once, and one with unknown haves with a NAK.
 */
export function screened(request: FetchRequest, screen: Screen): FetchRequest {
  const haves = request.haves.filter((oid) => screen(`have ${oid}`) !== null);
  if (haves.length === 0 && request.haves.length > 0) haves.push(ZERO_OID);
  return { ...request, haves, options: request.options.flatMap((option) => screen(option) ?? []) };
}
