import type { Repositories } from '../../repos/types.ts';
import { diskProblem } from '../disk-faults.ts';
import { Problem } from '../errors.ts';
import { Type } from '../schemas/build.ts';
import type { Difference } from '../services/repair/compare.ts';
import type { Store } from '../store/open.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

interface HealthDeps {
  store: Store;
  repositories: Repositories;
  isReady: () => boolean;
  /** Definitions of which the database and the repositories do not agree. */
  differences?: (() => Promise<Difference[]>) | undefined;
}

export function healthRoutes(app: RegistryServer, deps: HealthDeps): void {
  const Fine = Type.Object({ status: Type.Literal('ok') });

  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'isAlive',
        tags: ['health'],
        summary: 'Check whether the process is running',
        security: [],
        response: { 200: Fine },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'isReady',
        tags: ['health'],
        summary:
          'Check whether the registry can serve requests: the database is migrated, the repositories are reachable, and the built-in definitions are imported',
        security: [],
        response: { 200: Fine, ...problemAnswers, '5xx': problemAnswers['4xx'] },
      },
    },
    async () => {
      if (!deps.isReady()) throw new Problem('unavailable', 'The registry is still starting.');
      await deps.store.ping();
      await requireWritable(deps.repositories);
      const found = (await deps.differences?.()) ?? [];
      if (found.length > 0)
        throw new Problem('incomplete', `${inWords(found)}. Run: registry fsck`);
      return { status: 'ok' as const };
    },
  );
}

const WORDS: Record<Difference['kind'], string> = {
  missing: 'Repositories that are missing',
  unknown: 'Repositories that the database does not know',
  damaged: 'Repositories that are damaged',
  older: 'Repositories that are older than the database',
  newer: 'Repositories that are newer than the database',
};

/** Without names, because anybody may ask. */
function inWords(found: readonly Difference[]): string {
  const parts = Object.entries(WORDS).flatMap(([kind, words]) => {
    const count = found.filter((one) => one.kind === kind).length;
    return count === 0 ? [] : [`${words}: ${count}`];
  });
  return parts.join('. ');
}

/** Throws `unavailable` if no file can be written, for example because the disk is full. */
async function requireWritable(repositories: Repositories): Promise<void> {
  try {
    await repositories.tryWrite();
  } catch (cause) {
    const fault = diskProblem(cause)?.message ?? (cause as NodeJS.ErrnoException).code;
    const detail = `The registry cannot write to its repositories. ${fault}`;
    throw new Problem('unavailable', detail, undefined, { cause });
  }
}
