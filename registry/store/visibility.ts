import type { FilterQuery } from '@mikro-orm/core';
import type { Definition } from './entities/index.ts';

/** Which definitions a caller sees. A viewer is made from the caller's identity before a query. */
export interface Viewer {
  /** True for site admins and the registry itself. */
  everything: boolean;
  /** Whether the viewer sees public and built-in definitions. */
  public: boolean;
  /** Labs with definitions that the viewer sees. */
  labs: number[];
  /** Labs in which the viewer also sees merge requests, and proposed definitions, which do not have a version yet. */
  reviews: number[];
  /** Whether the viewer sees only open merge requests. */
  onlyOpen: boolean;
}

/** The view of the registry itself. */
export const everything: Viewer = {
  everything: true,
  public: true,
  labs: [],
  reviews: [],
  onlyOpen: false,
};

/** The condition for definitions that a viewer sees. No other SQL decides which definitions a viewer sees. */
export function visibleTo(viewer: Viewer): FilterQuery<Definition> {
  if (viewer.everything) return {};
  const open: FilterQuery<Definition>[] = viewer.public
    ? [{ is_public: true }, { is_builtin: true }]
    : [];
  return {
    $or: [
      { version: { $ne: null }, $or: [{ lab_id: { $in: viewer.labs } }, ...open] },
      { version: null, lab_id: { $in: viewer.reviews } },
    ],
  };
}
