/**
 * Every text in a request is a line or prose without hidden characters, or is restricted by a pattern or a list. The
 * list below gives the reason for each exception. The test reads the API document, so it also covers new fields.
 */
import t from 'tap';
import { findInstrument, updateInstrument } from '../../registry/store/instruments.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';
import { operationsOf } from '../scenarios/openapi.ts';

/** Texts that nobody reads as they were sent, by operation and position. */
const OTHER: Record<string, string> = {
  source_code: 'checked as Python, with warnings',
  'files.*': 'checked as files, with warnings; its names by the rules for paths',
  password: 'a secret, compared as it is',
  current_password: 'a secret, compared as it is',
  code: 'a secret, compared as it is',
  'signIn username': 'compared with existing names',
  'addMember username': 'compared with existing names',
  'addMember email': 'compared with existing addresses',
  'createDefinition name': 'ASCII, by the rules for names',
  'changeDefinition name': 'compared with the name of the definition',
  'validateSource name': 'ASCII, by the rules for names',
  'validateDefinition name': 'ASCII, by the rules for names',
  return_to: 'a path of the registry, not stored',
  'changeComputer computer_name': 'compared with the name of the computer',
  file: 'compared with the files of the merge request',
  'reportSync errors': 'escaped, because no author can be asked',
  'keys installed': 'escaped, because no author can be asked',
  'keys loaded': 'escaped, because no author can be asked',
  'keys files': 'by the rules for paths',
  'readHistories names': 'compared with existing names',
  'details.items.name': 'escaped, because no author can be asked',
  'details.items.message': 'escaped, because no author can be asked',
  'details.items.difference': 'escaped, because no author can be asked',
  'details.environment.python': 'escaped, because no author can be asked',
  'details.environment.packages.*': 'escaped, because no author can be asked',
  'keys details.environment.packages': 'escaped, because no author can be asked',
};

interface Schema {
  type?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  items?: Schema;
  anyOf?: Schema[];
}

/** Every text inside a schema, with its path. */
function* textsOf(schema: Schema, path = ''): Generator<[path: string, schema: Schema]> {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  if (schema.type === 'string') yield [path, schema];
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    yield* textsOf(inner, at(name));
  const { additionalProperties: inner } = schema;
  // Free-form objects are left out, because the code that reads them checks them.
  if (typeof inner === 'object' && Object.keys(inner).length > 0) {
    yield [`keys ${path}`, schema.propertyNames ?? {}];
    yield* textsOf(inner, at('*'));
  }
  if (schema.items) yield* textsOf(schema.items, path);
  for (const inner of schema.anyOf ?? []) yield* textsOf(inner, path);
}

/**
 * Whether a schema excludes hidden characters. Each hidden character is tried at the start, in the middle and at the
 * end.
 */
function isBound({ pattern, format, enum: values, const: value }: Schema): boolean {
  if (values || value !== undefined) return true;
  if (format === 'line' || format === 'prose' || format === 'date-time') return true;
  if (pattern === undefined) return false;
  const fits = new RegExp(pattern, 'u');
  return ['\u202e', '\x1b', '\u200b', '\u3164'].every((hidden) =>
    [`${hidden}a`, `a${hidden}a`, `a${hidden}`, `https://a${hidden}`].every(
      (text) => !fits.test(text),
    ),
  );
}

t.test('every text in a body is a line, prose, restricted or explained', async (t) => {
  const { url } = await startLab(t);
  const used = new Set<string>();
  const open: string[] = [];
  let seen = 0;
  for (const { operationId = '', body } of await operationsOf(url)) {
    for (const [path, schema] of body ? textsOf(body as Schema) : []) {
      seen += 1;
      if (isBound(schema)) continue;
      const known = [`${operationId} ${path}`, path].find((key) => key in OTHER);
      if (known === undefined) open.push(`${operationId} ${path}`);
      else used.add(known);
    }
  }
  t.ok(seen > 100);
  t.same(open, []);
  t.same(
    Object.keys(OTHER).filter((key) => !used.has(key)),
    [],
    'every explanation is used',
  );
});

const HIDDEN = [
  '\u202e',
  '\u2066',
  '\u200b',
  '\u00ad',
  '\u3164',
  '\x1b',
  '\u009b',
  '\ufeff',
  '\u{e0041}',
];

t.test(
  'a text with a hidden character is refused with path and place, and changes nothing',
  async (t) => {
    const lab = await startLab(t);
    const { admin, ada, nano, url } = lab;
    const made = await ada.client.definitions.create({
      name: 'Meter',
      source_code: measurement('Meter'),
      lab_id: nano.id,
    });
    const instrument = await ada.client.instruments.create({ name: 'Lock-in', lab_id: nano.id });
    // This instrument was created before hidden characters were refused. The instrument can be read, found, and changed
    // in its other fields.
    const old = await ada.client.instruments.create({ name: 'Old', lab_id: nano.id });
    await lab.deps.store.transaction(async (em) => {
      const row = await findInstrument(em, old.id);
      if (row) await updateInstrument(em, row, { name: 'O\u202eld', model: 'x\u200b' });
    });
    t.match(await ada.client.instruments.read(old.id), { name: 'O\u202eld', model: 'x\u200b' });
    t.equal((await ada.client.instruments.list({ q: 'O\u202eld' })).total, 1);
    t.match(await ada.client.instruments.change(old.id, { location: 'Lab 1' }), {
      location: 'Lab 1',
    });
    const put = async (path: string, body: object) => {
      const answer = await fetch(`${url}${path}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, problem: (await answer.json()) as { errors?: object[] } };
    };
    const fields: [path: string, field: string][] = [
      [`/api/instrument-definitions/${made.id}`, 'display_name'],
      [`/api/instrument-definitions/${made.id}`, 'category'],
      [`/api/instrument-definitions/${made.id}`, 'change_summary'],
      [`/api/instrument-definitions/${made.id}`, 'description'],
      [`/api/instruments/${instrument.id}`, 'name'],
      [`/api/instruments/${instrument.id}`, 'location'],
      [`/api/labs/${nano.id}`, 'name'],
      [`/api/users/${ada.id}`, 'name'],
    ];
    for (const [path, field] of fields) {
      for (const hidden of HIDDEN) {
        const { status, problem } = await put(path, { [field]: `ab${hidden}c` });
        t.equal(status, 422, `${path} ${field}`);
        t.match(problem.errors, [{ path: field, message: /U\+[0-9A-F]+ .* at character 3$/ }]);
      }
    }
    const mail = await put(`/api/users/${ada.id}`, { email: 'a\u202eb@lab.example' });
    t.match(mail, { status: 422, problem: { errors: [{ path: 'email' }] } });
    const checks = await put(`/api/labs/${nano.id}`, { required_checks: { 'c\u200bi': ada.id } });
    t.equal(checks.status, 422);
    t.equal((await ada.client.definitions.read(made.id)).version, 1);
    t.match(await ada.client.instruments.read(instrument.id), { name: 'Lock-in' });
  },
);

t.test('ordinary text is stored unchanged', async (t) => {
  const { ada, nano } = await startLab(t);
  const name = 'Größe, 測定器, می‌خواهم ⚠️ 👩‍🔬 5 µV/√Hz';
  const made = await ada.client.instruments.create({ name, lab_id: nano.id });
  t.equal(made.name, name);
  const description = 'a\n\tb\r\nc ⚠️';
  const saved = await ada.client.definitions.create({
    ...{ name: 'Meter', source_code: measurement('Meter'), lab_id: nano.id, description },
  });
  t.equal(saved.description, description);
});

t.test('the command line follows the same rule', async (t) => {
  const { deps, ada } = await startLab(t);
  const { insertToken } = await import('../../registry/services/people/tokens.ts');
  const { createUser } = await import('../../registry/services/people/users.ts');
  const { OPERATOR } = await import('../../registry/services/caller.ts');
  const bad = 'a\x1b[2Jb';
  const token = insertToken(deps, OPERATOR, ada.id, { name: bad, scope: 'read' });
  await t.rejects(token, { code: 'invalid', message: /^name cannot contain U\+001B \(escape\)/ });
  const account = { username: 'eve', password: 'x'.repeat(12), email: 'eve@lab.example' };
  const user = createUser(deps, OPERATOR, { ...account, name: bad });
  await t.rejects(user, { code: 'invalid', message: /^name cannot contain U\+001B/ });
});
