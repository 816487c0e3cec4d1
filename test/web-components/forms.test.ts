/** The pure parts of the editor: templates, the fields of a schema, and working copies. */
import fc from 'fast-check';
import t from 'tap';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import {
  changesOf,
  classNames,
  isChanged,
  keepOwn,
  mergeInto,
  moveFile,
  workingCopyOf,
} from '../../web-components/data/working-copy.ts';
import { TEMPLATES, template } from '../../web-components/elements/editor/templates.ts';
import { fieldsOf } from '../../web-components/forms/schema-fields.ts';

t.test('every template is valid without warnings', async (t) => {
  for (const { id } of TEMPLATES) {
    const result = validateDefinition('Mine', template(id, 'Mine'), {
      banned: ['os'],
      allowed: [],
    });
    t.match(result, { valid: true, errors: [], warnings: [] }, id);
    t.equal(result.class_info?.instrument_type, id.split('-')[0]);
  }
});

t.test('any schema becomes a list of fields', async (t) => {
  fc.assert(fc.property(fc.object(), (schema) => Array.isArray(fieldsOf(schema))));
  const schema = {
    properties: {
      gain: { type: 'number', exclusiveMinimum: 0, maximum: 5, title: 'Gain (V)' },
      mode: { enum: ['a', 1, null] },
      sweep: { type: 'object', properties: { steps: { type: 'integer' } } },
      anything: {},
    },
  };
  t.match(fieldsOf(schema), [
    { name: 'gain', label: 'Gain (V)', kind: 'number', minimum: 0, maximum: 5 },
    { kind: 'choice', choices: ['a', 1, null] },
    { kind: 'group' },
    { kind: 'json' },
  ]);
});

const definition = (version: number, source_code: string, files: Record<string, string> = {}) =>
  workingCopyOf({ name: 'X', version, source_code, files } as Parameters<typeof workingCopyOf>[0]);

t.test('classNames finds classes at the top level only', async (t) => {
  const source =
    '"""class Doc:"""\nclass A:\n    class Inner: ...\n\n@x\nclass  B(A): ...\n#class C:\n';
  t.same(classNames(source), ['A', 'B']);
});

t.test('moveFile moves a file in both versions and keeps its changes', async (t) => {
  const copy = workingCopyOf({
    name: 'X',
    version: null,
    source_code: 'a\n',
    files: { 'h.py': '' },
  } as never);
  const edited = { ...copy, files: { ...copy.files, 'X.py': 'b\n' } };
  t.same(moveFile(edited, 'X.py', 'Y.py'), {
    version: null,
    base: { 'Y.py': 'a\n', 'h.py': '' },
    files: { 'Y.py': 'b\n', 'h.py': '' },
  });
});

t.test('a working copy lists exactly the changes to save', async (t) => {
  const copy = definition(1, 'a\n', { 'h.py': 'h\n', 'gone.py': 'g\n' });
  t.notOk(isChanged(copy));
  const edited = { ...copy, files: { 'X.py': 'b\n', 'h.py': 'h\n', 'new.py': 'n\n' } };
  t.same(changesOf(edited), { 'X.py': 'b\n', 'gone.py': null, 'new.py': 'n\n' });
});

t.test(
  'a merge keeps changes in different places and the user’s own text in a conflict',
  async (t) => {
    const base = definition(1, 'a\nb\nc\nd\ne\n', { 'h.py': 'h\n' });
    const own = { ...base, files: { ...base.files, 'X.py': 'A\nb\nc\nd\ne\n' } };
    const landed = definition(2, 'a\nb\nc\nd\nE\n', { 'h.py': 'H\n' });
    const { copy, conflicts } = mergeInto(own, landed);
    t.same(conflicts, []);
    t.same(copy, {
      version: 2,
      base: landed.files,
      files: { 'X.py': 'A\nb\nc\nd\nE\n', 'h.py': 'H\n' },
    });
    const clash = mergeInto(own, definition(2, 'Z\nb\nc\nd\ne\n'));
    t.same(clash.conflicts, [{ path: 'X.py', lines: [1] }]);
    t.equal(clash.copy.files['X.py'], 'A\nb\nc\nd\ne\n');
    const deleted = mergeInto(
      { ...base, files: { 'X.py': 'a\n' } },
      definition(2, 'a\nb\nc\nd\ne\n', { 'h.py': 'H\n' }),
    );
    t.same(deleted.conflicts, [{ path: 'h.py', lines: [0] }]);
    t.same(changesOf(keepOwn(own, landed)), { 'X.py': 'A\nb\nc\nd\ne\n', 'h.py': 'h\n' });
  },
);
