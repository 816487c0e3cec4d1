/** The registry that is compared with docs/access.md. */
import type { Test } from 'tap';
import { enrolComputer, startLab, type TestLab } from '../../helpers/lab.ts';
import type { Person } from '../../helpers/registry.ts';

export interface World extends TestLab {
  /** A lab with the same people as the first lab, where nobody may land directly. */
  reviewed: { id: number };
  /** A contributor of the first lab, who creates the things for other callers' requests. */
  eve: Person;
  /** A computer of the first lab. The `username` of a computer is its name. */
  pc: Person;
  /** A bench computer of the first lab. */
  bench: Person;
}

export async function makeWorld(t: Test): Promise<World> {
  // PostgreSQL takes half the CPU time of the embedded database.
  const lab = await startLab(t, { database: 'PostgreSQL' });
  const { admin, ada, ben, cleo, nano } = lab;
  const { labs } = admin.client;
  const eve = await lab.person('eve');
  await labs.addMember(nano.id, eve.id, 'contributor');
  const policy = { direct_landing: 'nobody' } as const;
  const reviewed = await labs.create({ name: 'Reviewed', code: 'reviewed', ...policy });
  await labs.addMember(reviewed.id, ada.id, 'admin');
  await labs.addMember(reviewed.id, ben.id, 'contributor');
  await labs.addMember(reviewed.id, cleo.id, 'viewer');
  const pc = await enrolled(lab, 'LABPC-01');
  const bench = await enrolled(lab, 'BENCH-01');
  await ada.client.computers.change(bench.id, { is_bench: true });
  return { ...lab, eve, reviewed, pc, bench };
}

async function enrolled(lab: TestLab, name: string): Promise<Person> {
  const { id, token, client } = await enrolComputer(lab, lab.ada, lab.nano.id, name);
  return { id, username: name, token, client };
}
