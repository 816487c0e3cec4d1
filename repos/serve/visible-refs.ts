/** The refs of a repository that a caller may see. */
import { isRegistryRef, MAIN } from '../../text/refs.ts';
import type { Ref, Refs, Repository } from '../types.ts';

export type Visible = (ref: string) => boolean;

export interface VisibleRefs {
  /** One object for each state of the repository's refs, so derived values can be kept by it. */
  all: Refs;
  /** In byte order of their names, HEAD not among them. */
  refs: [name: string, ref: Ref][];
  /** The ref that HEAD points to; undefined before the first version. */
  head: Ref | undefined;
}

export async function visibleRefs(repository: Repository, visible: Visible): Promise<VisibleRefs> {
  const all = await repository.refs();
  const refs = Array.from(all).filter(([name]) => !isRegistryRef(name) && visible(name));
  const head = visible(MAIN) ? all.get(MAIN) : undefined;
  return { all, refs, head };
}
