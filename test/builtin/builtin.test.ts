/** Checks that the built-in definitions are complete and valid, and that they work with their instruments. */

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { DEFAULT_BANNED } from '../../registry/definitions/banned.ts';
import { describe } from '../../registry/definitions/metadata.ts';
import type { Json } from '../../registry/definitions/types.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { readShipped } from '../../registry/services/start/shipped.ts';
import { NUMERIC, pythonWith } from '../helpers/python.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, 'registry', 'builtin');
const STANDIN = join(import.meta.dirname, '..', 'fixtures', 'pybirch-standin');
const POLICY = { banned: [...DEFAULT_BANNED], allowed: [] };

type Schema = { [key: string]: Json };

const definitions = await readShipped();
const described = new Map([...definitions].map(([name, files]) => [name, describe(name, files)]));

// The Python environment is created once per checkout, which takes minutes on a busy machine.
t.setTimeout(300_000);

t.ok(definitions.size >= 18, 'there are enough definitions for a physics lab');

t.test(
  'every built-in definition is valid under the default policy, without a warning',
  async (t) => {
    for (const [name, files] of definitions) {
      const { errors, warnings, class_info } = validateDefinition(name, files, POLICY);
      t.strictSame({ errors, warnings }, { errors: [], warnings: [] }, name);
      t.equal(class_info?.name, name, `${name} is the class in ${name}.py`);
    }
  },
);

t.test('the metadata of every built-in definition is complete', async (t) => {
  for (const [name, metadata] of described) {
    const moves = metadata.instrument_type === 'movement';
    t.match(
      metadata,
      {
        display_name: /./,
        description: /./,
        category: /./,
        manufacturer: /./,
        status: 'operational',
        base_class: moves ? /MovementInstrument$/ : /MeasurementInstrument$/,
        default_settings: {},
        ...(moves
          ? { position_column: /./, position_units: /./ }
          : { data_columns: [/./], data_units: [/./] }),
      },
      name,
    );
    t.equal(metadata.data_columns?.length, metadata.data_units?.length, `${name}: units`);
  }
});

t.test(
  'the settings schema accepts the defaults and refuses values outside its ranges',
  async (t) => {
    const ajv = new Ajv2020({ strict: true });
    for (const [name, { settings_schema, default_settings }] of described) {
      const schema = settings_schema as { properties: { [key: string]: Schema } };
      const accepts = ajv.compile(schema);
      t.ok(accepts(default_settings), `${name} takes its defaults`);
      t.strictSame(
        Object.keys(schema.properties),
        Object.keys(default_settings ?? {}),
        `${name} describes each setting`,
      );
      t.notOk(accepts({ ...default_settings, unheard_of: 1 }), `${name} refuses unknown settings`);
      for (const [key, property] of Object.entries(schema.properties)) {
        t.type(property.description, 'string', `${name}: ${key} is described`);
        const outside = beyond(property);
        t.ok(outside.length > 0, `${name}: ${key} has bounds`);
        for (const value of outside)
          t.notOk(accepts({ ...default_settings, [key]: value }), `${name}: ${key} = ${value}`);
      }
    }
  },
);

t.test('docs/builtin-definitions.md lists every definition with its settings', async (t) => {
  const page = await readFile(join(ROOT, 'docs', 'builtin-definitions.md'), 'utf8');
  const listed = page.split('\n').filter((line) => line.startsWith('| `'));
  const expected = [...described].map(([name, { default_settings }]) => {
    const keys = Object.keys(default_settings ?? {});
    return { name, settings: keys.map((key) => `\`${key}\``).join(', ') };
  });
  const rows = listed.map((line) => line.split('|').map((cell) => cell.trim()));
  t.strictSame(
    rows.map(([, name = '', , , settings = '']) => ({ name: name.replaceAll('`', ''), settings })),
    expected,
  );
});

t.test(
  'every built-in definition works with its instrument, simulated from the manual',
  async (t) => {
    const python = await pythonWith(NUMERIC);
    const folder = await mkdtemp(join(tmpdir(), 'builtin-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const metadata = join(folder, 'metadata.json');
    await writeFile(metadata, JSON.stringify(Object.fromEntries(described)));
    const script = [join(import.meta.dirname, 'check_builtin.py'), FOLDER, metadata];
    const env = { ...process.env, PYTHONPATH: STANDIN, PYTHONDONTWRITEBYTECODE: '1' };
    const { status, stdout, stderr } = spawnSync(python, script, { env, encoding: 'utf8' });
    t.equal(status, 0, `check_builtin.py: ${stderr}`);
    t.same(stdout.match(/^ *not ok .*/gm) ?? [], []);
    t.match(stdout, /^ok \d/m, 'it has checked something');
  },
);

/** Values just outside the range of a property's JSON Schema. */
function beyond(property: Schema): Json[] {
  const { enum: choices, type, minimum, exclusiveMinimum, maximum } = property;
  if (choices) return ['no such choice', null];
  if (type === 'boolean') return ['yes', 1];
  const values: Json[] = ['many'];
  if (type === 'integer') values.push(1.5);
  const low = typeof minimum === 'number' ? minimum - 1 : exclusiveMinimum;
  // A property with only one bound has no range to be outside of.
  return low === undefined || typeof maximum !== 'number' ? [] : [...values, low, maximum + 1];
}
