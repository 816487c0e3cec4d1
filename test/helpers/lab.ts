/** A registry with two labs, and the people and computers that most scenarios use. */
import { createClient, type RegistryClient } from '../../client/typescript/client.ts';
import { type Person, startRegistry, type TestRegistry } from './registry.ts';

export interface TestLab extends TestRegistry {
  nano: { id: number; code: string };
  other: { id: number };
  /** An admin of the first lab. Ben is a contributor, and Cleo is a viewer. */
  ada: Person;
  ben: Person;
  cleo: Person;
  /** An admin of the second lab. */
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

export interface TestComputer {
  id: number;
  name: string;
  token: string;
  client: RegistryClient;
}

/** Enrols a computer with a code created by this admin. */
export async function enrolComputer(
  { url, anonymous }: TestRegistry,
  admin: Person,
  labId: number,
  computer_name: string,
): Promise<TestComputer> {
  const { code } = await admin.client.computers.createCode(labId);
  const about = { computer_name, computer_id: '8796756', username: 'researcher', os: 'Windows 11' };
  const { token, computer } = await anonymous.computers.enrol({ code, ...about });
  return { id: computer.id, name: computer_name, token, client: createClient({ url, token }) };
}
