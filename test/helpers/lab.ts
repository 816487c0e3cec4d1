/** A registry with two labs: the people whom most scenarios need. */
import { type Person, startRegistry, type TestRegistry } from './registry.ts';

export interface TestLab extends TestRegistry {
  nano: { id: number };
  other: { id: number };
  /** Admin, contributor and viewer of the first lab. */
  ada: Person;
  ben: Person;
  cleo: Person;
  /** Admin of the other lab. */
  dan: Person;
}

export async function startLab(...args: Parameters<typeof startRegistry>): Promise<TestLab> {
  const registry = await startRegistry(...args);
  const { admin, person } = registry;
  const nano = await admin.client.labs.create({ name: 'Nano Optics', code: 'nano' });
  const other = await admin.client.labs.create({ name: 'Cold Atoms', code: 'cold' });
  const people = {
    ada: await person('ada'),
    ben: await person('ben'),
    cleo: await person('cleo'),
    dan: await person('dan'),
  };
  await admin.client.labs.addMember(nano.id, people.ada.id, 'admin');
  await admin.client.labs.addMember(nano.id, people.ben.id, 'contributor');
  await admin.client.labs.addMember(nano.id, people.cleo.id, 'viewer');
  await admin.client.labs.addMember(other.id, people.dan.id, 'admin');
  return { ...registry, nano, other, ...people };
}
