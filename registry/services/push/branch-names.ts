/**
 * Checks the names of new branches. Names that break clones on Windows or macOS are refused, and some names are reserved.
 * Pure.
 */
import { drawnPlainly } from '../../../text/alike.ts';
import { branchName, branchRef } from '../../../text/refs.ts';
import { checkPath, folded } from '../../definitions/names.ts';

export interface NameProblem {
  reason: string;
  lines: string[];
}

const INSTEAD = `Choose another name: git push origin HEAD:${branchRef('my-change')}`;

/**
 * The names of existing and pushed branches, and of the folders in these names. Names that some disks treat as one (for
 * example because only case differs) have the same key. So a lookup needs no comparison with every other name.
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

  /** A branch below the folder `ref`, or a branch with the name of a folder of `ref`. */
  folderClash(ref: string): string | undefined {
    return this.#folders.get(ref) ?? pathsIn(ref).find((at) => at !== ref && this.#whole.has(at));
  }

  /** A branch that is spelled differently but is the same file or folder on some disks. */
  spellingClash(ref: string): string | undefined {
    for (const path of pathsIn(ref)) {
      for (const [other, branch] of this.#paths.get(plainOf(path)) ?? []) {
        if (other !== path) return branch;
      }
    }
    return undefined;
  }
}

/** The folders of a ref and the ref itself. For `refs/heads/a/b`: `refs/heads/a` and `refs/heads/a/b`. */
function pathsIn(ref: string): string[] {
  const parts = ref.split('/');
  return parts.slice(2).map((_, n) => parts.slice(0, n + 3).join('/'));
}

const plainOf = (name: string): string => folded(name.normalize('NFKC'));

/**
 * The reason why a branch `ref` cannot be created. Undefined if it can be created or if `ref` is not a branch.
 */
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
        'A branch name cannot also be a folder in the name of another branch. Choose another name, or delete the other branch.',
      ],
    };
  const alike = others.spellingClash(ref);
  return alike === undefined
    ? undefined
    : {
        reason: `'${alike}' exists, and Windows and macOS do not distinguish the two names`,
        lines: [INSTEAD],
      };
}

/**
 * Whether a name is reserved: `main`, the names of the registry's tags, `HEAD`, `FETCH_HEAD` and similar, object ids,
 * names that look like options, and full names of refs.
 */
function isReserved(plain: string): boolean {
  return (
    /^(main|v[0-9]+|attested|@|-.*|([a-z_]+_)?head|[0-9a-f]{40})$/.test(plain) ||
    /^(refs|heads|tags|remotes|registry|merge-requests)\//.test(plain)
  );
}
