/** What the use cases work with. The composition root (registry/app.ts) passes it in. */
import type { Repositories } from '../../repos/types.ts';
import type { Rules } from '../access/decide.ts';
import type { Store } from '../store/open.ts';
import type { AnalysisRooms } from './analysis.ts';

export interface PeopleRooms {
  store: Store;
  rules: Rules;
}

export interface LandingRooms extends AnalysisRooms {
  store: Store;
  repositories: Repositories;
}

export interface SaveRooms extends LandingRooms {
  rules: Rules;
  /** What addresses begin with; known once the service listens. */
  publicUrl: () => string;
  /** Largest file, in bytes. */
  maxFileBytes: number;
}
