/** What reading a definition costs: database queries and git processes, for each route that its page uses. */
import t, { type Test } from 'tap';
import { startLab } from '../helpers/lab.ts';
import { DATABASES, type DatabaseKind, measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

for (const database of DATABASES) {
  await t.test(database, (t) => story(t, database));
}

async function story(t: Test, database: DatabaseKind): Promise<void> {
  const statements: string[] = [];
  const lab = await startLab(t, { database, debug: (sql) => statements.push(sql) });
  const { ada, ben, deps, url } = lab;
  const { id } = await ada.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
    files: { 'helpers.py': 'GAIN = 2\n' },
  });
  await ada.client.definitions.change(id, { source_code: measurement('Meter', 2) });
  await ben.client.definitions.change(id, { source_code: measurement('Meter', 3) });
  const { items } = await ben.client.mergeRequests.list();
  const request = items[0]?.id as number;

  let processes = 0;
  const { spawn } = deps.git;
  deps.git.spawn = (run) => {
    processes += 1;
    return spawn(run);
  };
  const all = '/api/instrument-definitions';
  /** The upper limit of queries for each route. */
  const most: Record<string, number> = {
    [`${all}/by-name/Meter`]: 2,
    [`${all}/${id}`]: 2,
    [`${all}/${id}?version=1`]: 3,
    [`${all}/${id}/versions`]: 3,
    [`${all}/${id}/versions/1`]: 3,
    [`${all}/${id}/source?version=1`]: 3,
    [`${all}/${id}/snapshot?version=1`]: 3,
    [`${all}/${id}/diff?from=1&to=2`]: 3,
    [`/api/merge-requests?definition_id=${id}`]: 3,
    [`/api/merge-requests/${request}`]: 3,
  };
  const read = async (path: string) => {
    const answer = await fetch(url + path, { headers: { authorization: `Bearer ${ben.token}` } });
    await answer.arrayBuffer();
    return answer.status;
  };
  for (const [path, queries] of Object.entries(most)) {
    t.equal(await read(path), 200);
    // The first read is not counted: the first diff starts git, and the first read of a merge request computes its
    // checks.
    statements.length = 0;
    processes = 0;
    await read(path);
    const asked = statements.filter((sql) => /^(select|with)/.test(sql));
    t.ok(asked.length <= queries, `${path}: ${asked.length} queries`, { asked });
    t.equal(processes, 0, `${path}: git processes`);
  }
}
