/** What the use cases that write definitions work with. */
import type { Repositories } from '../../repos/types.ts';
import type { Rules } from '../access/decide.ts';
import type { Store } from '../store/open.ts';
import type { AnalysisRooms } from './analysis.ts';

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
