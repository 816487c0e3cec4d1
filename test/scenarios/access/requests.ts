/** The bodies and queries of the operations in docs/access.md. */
import { measurement } from '../../helpers/registry.ts';
import type { Thing } from './things.ts';

interface Given {
  query?: Record<string, string | number>;
  body?: object;
}

let count = 0;

const newDefinition = (lab_id: number | null, more = {}): Given => {
  const name = `Asked${++count}`;
  return { body: { name, source_code: measurement(name), lab_id, ...more } };
};
const changed = ({ name }: Thing, more = {}): Given => ({
  body: { source_code: measurement(name, 9), ...more },
});
const source = { body: { source_code: 'x = 1\n' } };
const reason = { body: { reason: 'for the test' } };
const override = 'for the test';
const rollback = { version: 1, reason: 'for the test' };
const verdict = (verdict: string) => (thing: Thing) => ({ body: { verdict, head: headOf(thing) } });

/** The head of a merge request. If there is no merge request, a plausible head. */
const headOf = ({ head }: Thing): string => head || '0'.repeat(40);

/** The requests by `operation variant`. */
export const REQUESTS: Record<string, (thing: Thing) => Given> = {
  listDefinitions: ({ name }) => ({ query: { q: name } }),
  countDefinitionFacets: ({ name }) => ({ query: { q: name } }),
  compareVersions: () => ({ query: { from: 1, to: 1 } }),
  validateSource: () => source,
  validateDefinition: () => source,
  createDefinition: ({ id }) => newDefinition(id),
  'createDefinition is_public': ({ id }) => newDefinition(id, { is_public: true }),
  'createDefinition without a lab': () => newDefinition(null),
  'createDefinition with an override': ({ id }) => newDefinition(id, { override }),
  changeDefinition: (thing) => changed(thing),
  'changeDefinition with an override': (thing) => changed(thing, { override }),
  'changeDefinition is_public': () => ({ body: { is_public: true } }),
  'changeDefinition to another lab': () => ({ body: { lab_id: OTHER_LAB } }),
  rollBackDefinition: () => ({ body: rollback }),
  'rollBackDefinition with an override': () => ({ body: { ...rollback, override } }),
  deprecateVersion: () => reason,
  revokeVersion: () => reason,
  reinstateVersion: () => reason,
  postTestResult: () => ({ body: { state: 'success', details: run } }),
  listMergeRequests: ({ definition }) => ({ query: { definition_id: definition } }),
  comment: () => ({ body: { body: 'Why?' } }),
  postCheck: () => ({ body: { name: 'bench', state: 'success' } }),
  'postCheck tests': () => ({ body: { name: 'tests', state: 'success', details: run } }),
  'review comment': verdict('comment'),
  'review approve': verdict('approve'),
  'review request_changes': verdict('request_changes'),
  rebase: () => ({ body: {} }),
  changeMergeRequest: () => ({ body: { title: 'Another title' } }),
  merge: (thing) => ({ body: { head: headOf(thing) } }),
  'merge with an override': (thing) => ({ body: { head: headOf(thing), override } }),
  listLabs: () => ({ query: { per_page: 200 } }),
  createLab: () => ({ body: { name: 'Asked', code: `asked${++count}` } }),
  changeLab: () => ({ body: { name: `Asked ${++count}` } }),
  'changeLab disabled': () => ({ body: { disabled: true } }),
  addMember: ({ stranger }) => ({ body: { username: stranger, role: 'viewer' } }),
  changeMember: () => ({ body: { role: 'contributor' } }),
  listAuditEvents: ({ id }) => ({ query: { lab_id: id } }),
  listUsers: ({ name }) => ({ query: { q: name } }),
  'listUsers by username': ({ name }) => ({ query: { username: name } }),
  createUser: () => ({ body: newUser(`asked${++count}`) }),
  changeUser: () => ({ body: { name: `Asked ${++count}` } }),
  'changeUser is_admin': () => ({ body: { is_admin: true } }),
  listInstruments: ({ name }) => ({ query: { q: name } }),
  createInstrument: ({ id }) => ({ body: { name: 'Asked', lab_id: id } }),
  changeInstrument: () => ({ body: { location: `Bench ${++count}` } }),
  listComputers: ({ name }) => ({ query: { q: name } }),
  createComputer: ({ id }) => ({ body: { computer_name: `ASKED-${++count}`, lab_id: id } }),
  createEnrolmentCode: ({ id }) => ({ body: { lab_id: id } }),
  enrol: ({ name, computer }) => ({ body: { code: name, computer_name: computer } }),
  changeComputer: () => ({ body: { location: `Bench ${++count}` } }),
  'changeComputer is_bench': () => ({ body: { is_bench: true } }),
  bindInstrument: () => binding,
  createBinding: ({ id, computer }) => newBinding(id, computer),
  bindNewInstrument: () => ({ body: { key: `asked ${++count}`, name: 'Asked' } }),
  listBindings: () => ({ query: { per_page: 500 } }),
  changeBinding: () => ({ body: { adapter: `GPIB::${++count}` } }),
  listFleet: ({ name }) => ({ query: { q: name } }),
  readHistories: () => ({ body: { names: ['Nothing'] } }),
  reportSync: () => ({ body: { installed: {} } }),
  createToken: () => ({ body: { name: 'asked', scope: 'read' } }),
  linkSingleSignOn: () => ({ body: {} }),
  signIn: () => ({ body: { username: 'cleo', password: 'password of cleo' } }),
};

/** The details of a test run. */
const run = {
  items: [{ name: 'simulator', state: 'passed', seconds: 1 }],
  environment: { python: '3.13.1', packages: { numpy: '2.3.0' } },
};

const binding = { body: { adapter: 'GPIB::8' } };
const newBinding = (instrument_id: number, computer_name: string): Given => ({
  body: { instrument_id, computer_name },
});

const newUser = (username: string) => ({
  username,
  password: 'long enough',
  name: 'Asked',
  email: 'asked@lab.example',
});

/** The second lab of a test registry (test/helpers/lab.ts). */
const OTHER_LAB = 2;
