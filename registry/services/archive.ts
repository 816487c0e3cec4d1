/** Archiving a definition and taking it back: it leaves lists and sync, its repository and history stay. */
import type { Repositories } from '../../repos/types.ts';
import type { Rules } from '../access/decide.ts';
import { Problem } from '../errors.ts';
import type { Store } from '../store/open.ts';
import { type Caller, demand } from './caller.ts';
import { find } from './find-definition.ts';
import { land } from './landing.ts';
import { readState } from './state.ts';

export interface ArchiveRooms {
  store: Store;
  repositories: Repositories;
  rules: Rules;
}

/** Throws `conflict` where it is archived (or stands) already. */
export async function setArchived(
  rooms: ArchiveRooms,
  caller: Caller,
  id: number,
  archived: boolean,
): Promise<void> {
  const { row, facts } = await find(rooms, caller, id);
  demand(caller, { on: 'definition', do: 'manage', of: facts }, rooms.rules, 'definition');
  const repository = await rooms.repositories.open(row.name);
  const { state, from } = await readState(repository);
  if ((state.archived_at !== null) === archived) {
    throw new Problem(
      'conflict',
      `${row.name} is ${archived ? 'archived already' : 'not archived'}.`,
    );
  }
  const now = new Date().toISOString();
  const after = { ...state, archived_at: archived ? now : null, updated_at: now };
  await land(rooms, caller, {
    repository,
    from: await repository.tip(),
    versions: [],
    state: { from, to: after },
    event: {
      action: archived ? 'definition.archived' : 'definition.restored',
      before: { archived_at: state.archived_at },
      after: { archived_at: after.archived_at },
    },
  });
}
