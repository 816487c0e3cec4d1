/** What the use cases that write definitions work with. */
import type { Repositories } from '../../repos/types.ts';
import type { Rules } from '../access/decide.ts';
import type { Store } from '../store/open.ts';

export interface SaveRooms {
  store: Store;
  repositories: Repositories;
  rules: Rules;
  /** Largest file, in bytes. */
  maxFileBytes: number;
}
