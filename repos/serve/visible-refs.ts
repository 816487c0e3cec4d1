/** What of a repository's refs a caller may know of. */
import type { Ref, Refs, Repository } from '../types.ts';

/** Where HEAD of every repository points; nothing changes it. */
export const HEAD_TARGET = 'refs/heads/main';

/** The registry's own records, shown to nobody. */
const HIDDEN = 'refs/registry/';

export type Visible = (ref: string) => boolean;

export function isHidden(ref: string): boolean {
  return ref.startsWith(HIDDEN);
}

export interface VisibleRefs {
  /** One object for each state of the repository's refs: what is derived from them may be kept under it. */
  all: Refs;
  /** In byte order of their names, HEAD not among them. */
  refs: [name: string, ref: Ref][];
  /** What HEAD stands for; undefined before the first version. */
  head: Ref | undefined;
}

export async function visibleRefs(repository: Repository, visible: Visible): Promise<VisibleRefs> {
  const all = await repository.refs();
  const refs = Array.from(all).filter(([name]) => !isHidden(name) && visible(name));
  const head = visible(HEAD_TARGET) ? all.get(HEAD_TARGET) : undefined;
  return { all, refs, head };
}
