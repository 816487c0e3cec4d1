/** Which names new branches may have: their clones are on Windows and macOS too, and some names are the registry's. Pure. */
import { checkPath, folded } from '../../definitions/names.ts';

export interface NameProblem {
  reason: string;
  lines: string[];
}

const BRANCH = 'refs/heads/';
const INSTEAD = 'Choose another name: git push origin HEAD:refs/heads/my-change';

/** Why `ref` cannot be made beside the branches that there are; undefined where it can, and for what is no branch. */
export function nameProblem(ref: string, others: Iterable<string>): NameProblem | undefined {
  if (!ref.startsWith(BRANCH)) return undefined;
  const name = ref.slice(BRANCH.length);
  const plain = folded(name.normalize('NFKC'));
  if (isReserved(plain))
    return { reason: "the name is too like one of git's or the registry's own", lines: [INSTEAD] };
  const why = checkPath(name);
  if (why !== null)
    return { reason: 'the name does not work everywhere', lines: [`${why}.`, INSTEAD] };
  for (const other of others) {
    const problem = other === ref ? undefined : clash(ref, other);
    if (problem) return problem;
  }
  return undefined;
}

/** `main`, tags of versions, `HEAD`, `FETCH_HEAD` and their like, object ids, options, and names of refs in full. */
function isReserved(plain: string): boolean {
  return (
    /^(main|v[0-9]+|@|-.*|([a-z_]+_)?head|[0-9a-f]{40})$/.test(plain) ||
    /^(refs|heads|tags|remotes|merge-requests)\//.test(plain)
  );
}

/** A ref is a file in many clones: none may be the folder of another, or differ from it by what a disk ignores. */
function clash(ref: string, other: string): NameProblem | undefined {
  if (ref.startsWith(`${other}/`) || other.startsWith(`${ref}/`))
    return {
      reason: `'${other}' exists; cannot create '${ref}'`,
      lines: [
        'A branch cannot be a folder of another one. Delete that one, or choose another name.',
      ],
    };
  const [mine, theirs] = [ref.split('/'), other.split('/')];
  const at = mine.findIndex((part, n) => part !== theirs[n]);
  const [part = '', their = ''] = [mine[at], theirs[at]];
  if (folded(part.normalize('NFKC')) !== folded(their.normalize('NFKC'))) return undefined;
  return {
    reason: `'${other}' exists; its name is the same on Windows and macOS`,
    lines: [INSTEAD],
  };
}
