/** Which names new branches may have: their clones are on Windows and macOS too, and some names are the registry's. Pure. */
import { drawnPlainly } from '../../../text/alike.ts';
import { branchName, branchRef } from '../../../text/refs.ts';
import { checkPath, folded } from '../../definitions/names.ts';

export interface NameProblem {
  reason: string;
  lines: string[];
}

const INSTEAD = `Choose another name: git push origin HEAD:${branchRef('my-change')}`;

/**
 * Branches that there are or that a push makes, by each of their folders and by their whole name, as a disk that ignores
 * case tells them apart. So a name is looked up, and a push of many new branches compares none with all the others.
 */
export class BranchNames {
  readonly #paths = new Map<string, Map<string, string>>();
  readonly #whole = new Set<string>();
  readonly #folders = new Map<string, string>();

  constructor(refs: Iterable<string>) {
    for (const ref of refs) {
      this.#whole.add(ref);
      for (const path of pathsIn(ref)) {
        const key = plainOf(path);
        const alike = this.#paths.get(key) ?? new Map<string, string>();
        this.#paths.set(key, alike.has(path) ? alike : alike.set(path, ref));
        if (path !== ref && !this.#folders.has(path)) this.#folders.set(path, ref);
      }
    }
  }

  /** The branch that `ref` would be the folder of, or that would be its folder. */
  folderClash(ref: string): string | undefined {
    return this.#folders.get(ref) ?? pathsIn(ref).find((at) => at !== ref && this.#whole.has(at));
  }

  /** A branch that is spelled otherwise and is the same file or folder on some disks. */
  spellingClash(ref: string): string | undefined {
    for (const path of pathsIn(ref)) {
      for (const [other, branch] of this.#paths.get(plainOf(path)) ?? []) {
        if (other !== path) return branch;
      }
    }
    return undefined;
  }
}

/** `refs/heads/a/b`: `refs/heads/a`, and itself. */
function pathsIn(ref: string): string[] {
  const parts = ref.split('/');
  return parts.slice(2).map((_, n) => parts.slice(0, n + 3).join('/'));
}

const plainOf = (name: string): string => folded(name.normalize('NFKC'));

/** Why `ref` cannot be made beside the branches that there are; undefined where it can, and for what is no branch. */
export function nameProblem(ref: string, others: BranchNames): NameProblem | undefined {
  const name = branchName(ref);
  if (name === undefined) return undefined;
  if (isReserved(plainOf(name)) || isReserved(plainOf(drawnPlainly(name))))
    return {
      reason: 'the name is too similar to one that git or the registry uses',
      lines: [INSTEAD],
    };
  const why = checkPath(name);
  if (why !== null)
    return {
      reason: 'the name does not work on all operating systems',
      lines: [`${why}.`, INSTEAD],
    };
  const beside = others.folderClash(ref);
  if (beside !== undefined)
    return {
      reason: `'${beside}' exists; cannot create '${ref}'`,
      lines: [
        'The name of a branch cannot also be a folder of another branch. Choose another name, or delete the other branch.',
      ],
    };
  const alike = others.spellingClash(ref);
  return alike === undefined
    ? undefined
    : { reason: `'${alike}' exists; its name is the same on Windows and macOS`, lines: [INSTEAD] };
}

/** `main`, tags of versions and the one that attests them, `HEAD`, `FETCH_HEAD` and their like, object ids, options, and names of refs in full. */
function isReserved(plain: string): boolean {
  return (
    /^(main|v[0-9]+|attested|@|-.*|([a-z_]+_)?head|[0-9a-f]{40})$/.test(plain) ||
    /^(refs|heads|tags|remotes|registry|merge-requests)\//.test(plain)
  );
}
