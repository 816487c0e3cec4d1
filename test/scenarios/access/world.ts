/** The registry that docs/access.md is asked of. */
import type { Test } from 'tap';
import { enrolComputer, startLab, type TestLab } from '../../helpers/lab.ts';
import type { Person } from '../../helpers/registry.ts';

export interface World extends TestLab {
  /** Where nobody lands directly; its people are those of the first lab. */
  reviewed: { id: number };
  /** A contributor of the first lab, who asks for nothing but opens what others are asked about. */
  eve: Person;
  /** A computer of the first lab; `username` is its name. */
  pc: Person;
}

export async function makeWorld(t: Test): Promise<World> {
  // Half the processor time of the embedded database.
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
  const { id, name: username, token, client } = await enrolComputer(lab, ada, nano.id, 'LABPC-01');
  return { ...lab, eve, reviewed, pc: { id, username, token, client } };
}
