import type { Push } from '../../../repos/serve/gate.ts';
import type { Repository } from '../../../repos/types.ts';
import type { Caller } from '../caller.ts';
import type { LoadedDefinition } from '../definitions/find-definition.ts';
import type { SaveDeps } from '../deps.ts';
import type { PushOptions } from './options.ts';

/** Everything about one push: its caller, its definition and its options. */
export interface PushContext {
  deps: SaveDeps;
  caller: Caller;
  found: LoadedDefinition;
  repository: Repository;
  push: Push;
  options: PushOptions;
}
