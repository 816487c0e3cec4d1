/** Checks everything that must be true after the storm. */
import type { Test } from 'tap';
import { fsck } from '../../../registry/services/repair/fsck.ts';
import { reindex } from '../../../registry/services/repair/reindex.ts';
import { streamAudit } from '../../../registry/store/audit.ts';
import { openStore, type Store } from '../../../registry/store/open.ts';
import { freshDatabase, freshFolder } from '../../helpers/databases.ts';
import type { DatabaseKind } from '../../helpers/registry.ts';
import { gitViolations } from './git-invariants.ts';
import { reviewViolations } from './review-invariants.ts';
import type { Trail } from './settings.ts';
import type { Shared } from './worker.ts';

/** The violations, with the definition or subject that each is about. */
export async function violations(t: Test, shared: Shared, database: DatabaseKind) {
  const { world } = shared;
  const trail: Trail = [];
  for await (const event of streamAudit(world.deps.store.em())) trail.push(event);
  const found: { of: string; what: string }[] = [];
  for (const target of world.targets) {
    const all = [
      ...(await gitViolations(shared, target)),
      ...(await reviewViolations(shared, target, trail)),
    ];
    found.push(...all.map((what) => ({ of: target.name, what })));
  }
  const { problems, repaired } = await fsck(world.deps);
  found.push(...problems.map(({ where, problem }) => ({ of: where, what: problem })));
  found.push(...repaired.map((name) => ({ of: name, what: 'the journal had an entry for it' })));
  found.push(...(await failedRequests(shared)));
  found.push(...(await indexViolations(t, shared, database)));
  return found;
}

/** Checks that no request failed, on any route. */
async function failedRequests({ world, log }: Shared) {
  const metrics = await Promise.all(
    world.urls.map(async (url) => await (await fetch(`${url}/metrics`)).text()),
  );
  const failed = metrics
    .flatMap((text) => text.split('\n'))
    .filter((line) => /^http_request_duration_seconds_count\{.*status="5\d\d"/.test(line));
  const odd = log.filter(({ answer }) => answer === 'failed' || answer === 400 || answer === 401);
  return [
    ...failed.map((line) => ({ of: 'answers', what: line })),
    ...odd.map(({ target, what, answer, detail }) => ({
      of: target,
      what: `${what}: ${answer} ${detail}`,
    })),
  ];
}

/** Checks that an index rebuilt from the repositories equals the existing index, row by row. */
async function indexViolations(t: Test, { world }: Shared, database: DatabaseKind) {
  const fresh = await openStore(
    database === 'PGlite' ? await freshFolder() : await freshDatabase(),
  );
  t.teardown(() => fresh.close());
  const { skipped } = await reindex({ ...world.deps, store: fresh });
  const [was, is] = [await rowsOf(world.deps.store), await rowsOf(fresh)];
  const different = [...was, ...is].filter((row) => !(was.includes(row) && is.includes(row)));
  return [
    ...skipped.map(({ name, reason }) => ({ of: name, what: `reindex: ${reason}` })),
    ...different.map((row) => ({
      of: 'index',
      what: `${was.includes(row) ? 'only in the index' : 'only in the rebuilt index'}: ${row.slice(0, 500)}`,
    })),
  ];
}

/** The rows of the index, as JSON. */
export async function rowsOf(store: Store): Promise<string[]> {
  const all = async (sql: string) =>
    (await store.em().execute<object[]>(sql)).map((row) => JSON.stringify(row));
  return [
    ...(await all('select * from definitions order by id')),
    ...(await all('select * from versions order by definition_id, version')),
  ];
}
