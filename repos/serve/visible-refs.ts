import { isRegistryRef, MAIN } from '../../text/refs.ts';
import type { Ref, Refs, Repository } from '../types.ts';

export type Visible = (ref: string) => boolean;

export interface VisibleRefs {
  /**
   * All refs of the repository. The map is the same object until a ref changes, so callers can use it as the key of a
   * cache.
   */
  all: Refs;
  /** The visible refs in byte order of their names, without HEAD. */
  refs: [name: string, ref: Ref][];
  /** The ref that HEAD points to; undefined before the first version. */
  head: Ref | undefined;
}

/** Reads the refs of a repository that a caller may see. The registry's own refs are never visible. */
export async function visibleRefs(repository: Repository, visible: Visible): Promise<VisibleRefs> {
  const all = await repository.refs();
  const refs = Array.from(all).filter(([name]) => !isRegistryRef(name) && visible(name));
  const head = visible(MAIN) ? all.get(MAIN) : undefined;
  return { all, refs, head };
}
