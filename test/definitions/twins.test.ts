/**
 * The registry and the lab computers' package have the same list of banned imports. A twin is another module that gives
 * the same access as a banned one.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { DEFAULT_BANNED } from '../../registry/definitions/banned.ts';
import { TWINS } from '../../registry/definitions/twins.ts';
import type { ImportPolicy } from '../../registry/definitions/types.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { CLIENT, CLIENT_FOLDER, pythonWith } from '../helpers/python.ts';

const run = promisify(execFile);
const DEFAULT: ImportPolicy = { banned: [...DEFAULT_BANNED], allowed: [] };

t.setTimeout(300_000);

const codes = (source: string, policy = DEFAULT): string[] =>
  validateDefinition(
    'Thing',
    new Map([['Thing.py', new TextEncoder().encode(`${source}\nclass Thing:\n    pass\n`)]]),
    policy,
  )
    .errors.map(({ code }) => code)
    .filter((code) => code.startsWith('banned-'));

t.test('server and guard have the same twins and the same default', async (t) => {
  const python = await pythonWith(CLIENT);
  const code = `import json
from pybirch_registry.guard.policy import DEFAULT_BANNED
from pybirch_registry.guard.twins import TWINS
print(json.dumps([DEFAULT_BANNED, TWINS]))`;
  const env = { ...process.env, PYTHONPATH: join(CLIENT_FOLDER, 'src') };
  const { stdout } = await run(python, ['-c', code], { env });
  t.strictSame(JSON.parse(stdout), [[...DEFAULT_BANNED], TWINS]);
});

t.test('a twin is banned and allowed together with its module', async (t) => {
  for (const [name, twins] of Object.entries(TWINS)) {
    for (const twin of twins) {
      t.strictSame(codes(`import ${twin}`), ['banned-import'], twin);
      t.strictSame(codes(`import ${twin}`, { ...DEFAULT, allowed: [name] }), [], `${twin} allowed`);
    }
  }
  t.strictSame(codes('import array, math, select'), [], 'other modules are allowed');
});
