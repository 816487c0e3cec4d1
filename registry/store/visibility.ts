import type { FilterQuery } from '@mikro-orm/core';
import type { Definition } from './entities/index.ts';

/** What a caller may see of definitions, settled beforehand from who they are. */
export interface Viewer {
  /** Site administrators and the registry itself. */
  everything: boolean;
  /** Sees public and built-in definitions. */
  public: boolean;
  /** Labs whose definitions they see. */
  labs: number[];
  /** Labs whose proposed definitions (no version yet) they see as well. */
  proposes: number[];
}

/** The registry itself. */
export const everything: Viewer = { everything: true, public: true, labs: [], proposes: [] };

/** The one place that says which definitions a viewer sees. */
export function visibleTo(viewer: Viewer): FilterQuery<Definition> {
  if (viewer.everything) return {};
  const open: FilterQuery<Definition>[] = viewer.public
    ? [{ is_public: true }, { is_builtin: true }]
    : [];
  return {
    $or: [
      { version: { $ne: null }, $or: [{ lab_id: { $in: viewer.labs } }, ...open] },
      { version: null, lab_id: { $in: viewer.proposes } },
    ],
  };
}
