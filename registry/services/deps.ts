/** The dependencies of the use cases. The composition root (registry/app.ts) passes these dependencies in. */
import type { Caches } from '../../repos/caches.ts';
import type { Repositories } from '../../repos/types.ts';
import type { Rules } from '../access/decide.ts';
import type { SigningKeys } from '../signing/keys.ts';
import type { Store } from '../store/open.ts';
import type { AnalysisDeps } from './analysis.ts';

export interface PeopleDeps {
  store: Store;
  rules: Rules;
}

export interface LandingDeps extends AnalysisDeps {
  store: Store;
  repositories: Repositories;
  signingKeys: Pick<SigningKeys, 'date'>;
}

export interface SaveDeps extends LandingDeps {
  caches: Caches;
  rules: Rules;
  /** The URL at the start of links and clone addresses. The URL is known once the service listens. */
  publicUrl: () => string;
  /** The largest allowed size of a file, in bytes. */
  maxFileBytes: number;
}
