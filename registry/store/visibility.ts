import type { FilterQuery } from '@mikro-orm/core';
import type { Definition } from './entities/index.ts';

/** The caller's view of definitions, resolved in advance from their identity. */
export interface Viewer {
  /** True for site admins and the registry itself. */
  everything: boolean;
  /** Whether the viewer sees public and built-in definitions. */
  public: boolean;
  /** Labs whose definitions the viewer sees. */
  labs: number[];
  /** Labs whose proposed definitions (without a version yet) the viewer sees as well. */
  proposes: number[];
}

/** The viewer for the registry itself. */
export const everything: Viewer = { everything: true, public: true, labs: [], proposes: [] };

/** The only place that decides which definitions a viewer sees. */
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
