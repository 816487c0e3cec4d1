/** What of a fetch request git gets to read: nothing in it names an object or a ref that its sender may not see. */
import type { Repository } from '../types.ts';
import type { FetchRequest } from '../wire/fetch.ts';
import { ZERO_OID } from '../wire/oid.ts';
import { reachableCommits, tipsOf, type Viewer } from './reachable.ts';
import type { VisibleRefs } from './visible-refs.ts';

/** A line as git may read it, or null for one that is left out. */
export type Screen = (line: string) => string | null;

/** Which of these lines name an object that the server may or may not have; wants are checked apart. */
const NAMED = /^(have|shallow) ([0-9a-f]{40})$/;
const DEEPEN_NOT = 'deepen-not ';

/**
 * Leaves out the haves and shallow lines that no visible ref reaches: to git they are then what an unknown object is.
 * No honest client loses by it: what it has beyond the visible refs is in no pack that it could be sent.
 */
export async function screenFor(
  repository: Repository,
  seen: VisibleRefs,
  { haves, options }: FetchRequest,
  viewer: Viewer,
): Promise<Screen> {
  const tips = tipsOf(seen);
  const shallow = options.flatMap((option) => NAMED.exec(option)?.[2] ?? []);
  // So it is after every landing: the client has the version before, and each version has its tag.
  const known = haves.every((oid) => tips.has(oid)) && shallow.every((oid) => tips.has(oid));
  const commits = known ? tips : await reachableCommits(repository, seen, viewer);
  return (line) => {
    const [, , oid] = NAMED.exec(line) ?? [];
    if (oid !== undefined) return tips.has(oid) || commits.has(oid) ? line : null;
    if (!line.startsWith(DEEPEN_NOT)) return line;
    return `${DEEPEN_NOT}${refNamed(seen, line.slice(DEEPEN_NOT.length))}`;
  };
}

/** The first name after `deepen-not` that is no visible ref. */
export function unknownRef(seen: VisibleRefs, { options }: FetchRequest): string | undefined {
  return options
    .filter((option) => option.startsWith(DEEPEN_NOT))
    .map((option) => option.slice(DEEPEN_NOT.length))
    .find((name) => refNamed(seen, name) === undefined);
}

/** The visible ref of this name, short or full (gitrevisions(7), "<refname>"): a short one could mean a hidden ref too. */
function refNamed({ refs, head }: VisibleRefs, name: string): string | undefined {
  if (name === 'HEAD' && head !== undefined) return name;
  const names = new Set(refs.map(([ref]) => ref));
  return [name, `refs/${name}`, `refs/tags/${name}`, `refs/heads/${name}`].find((candidate) =>
    names.has(candidate),
  );
}

/**
 * The request as it stands after screening, for protocol v2. Where no have is left, one that nobody has stands for
 * them: git answers a request without any with a pack at once, and one with unknown ones with a NAK.
 */
export function screened(request: FetchRequest, screen: Screen): FetchRequest {
  const haves = request.haves.filter((oid) => screen(`have ${oid}`) !== null);
  if (haves.length === 0 && request.haves.length > 0) haves.push(ZERO_OID);
  return { ...request, haves, options: request.options.flatMap((option) => screen(option) ?? []) };
}
