/** Test files that share a process are judged, named and cleaned up like files with their own process. */
import { execFile } from 'node:child_process';
import { join, relative } from 'node:path';
import t from 'tap';
import { totals } from './totals.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Runs these files in one process. */
async function runGroup(files: Record<string, string>): Promise<{ code: number; output: string }> {
  const folder = relative(ROOT, t.testdir(files));
  const paths = Object.keys(files).map((name) => join(folder, name));
  const { promise, resolve } = Promise.withResolvers<{ code: number; output: string }>();
  execFile(
    process.execPath,
    ['test/run/group.ts', ...paths],
    { cwd: ROOT, env: { ...process.env, TAP_TIMEOUT: '0' } },
    (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
  );
  return await promise;
}

t.test(
  'each teardown of a file runs before the next file, and every assertion counts',
  async (t) => {
    const { code, output } = await runGroup({
      'first.test.ts': `
      import t from 'tap';
      t.teardown(() => { globalThis.isTornDown = true; });
      t.test('one', async (t) => { t.equal(globalThis.isTornDown, undefined); });`,
      'second.test.ts': `
      import t from 'tap';
      t.equal(globalThis.isTornDown, true);
      t.test('two', async (t) => { t.pass('here'); });`,
    });
    t.equal(code, 0, output);
    t.same(totals({ code, output }), { passed: 3, failed: 0 });
  },
);

t.test('the folder of a test is deleted after the handlers that still need it', async (t) => {
  const { code, output } = await runGroup({
    'folder.test.ts': `
      import t from 'tap';
      import { existsSync } from 'node:fs';
      let folder, wasThere;
      t.test('a folder', async (t) => {
        folder = t.testdir({ file: 'x' });
        t.teardown(() => { wasThere = existsSync(folder); });
      });
      t.test('afterwards', async (t) => {
        t.equal(wasThere, true);
        t.notOk(existsSync(folder));
      });`,
  });
  t.equal(code, 0, output);
  t.same(totals({ code, output }), { passed: 3, failed: 0 });
});

t.test('failures of every kind are reported with their file and their test', async (t) => {
  const { code, output } = await runGroup({
    'assertion.test.ts': `
      import t from 'tap';
      t.test('an assertion', async (t) => { t.equal(1, 2); });`,
    'late.test.ts': `
      import t from 'tap';
      import { once } from 'node:events';
      const error = new Error('thrown late');
      t.test('a timer that throws', async (t) => {
        t.test('inner', async (t) => {
          setTimeout(() => { throw error; }, 1);
          await once(process, 'uncaughtException');
          await new Promise((resolve) => setImmediate(resolve));
        });
      });`,
    'rejected.test.ts': `
      import t from 'tap';
      import { once } from 'node:events';
      t.test('a promise that nobody awaits', async (t) => {
        Promise.reject(new Error('rejected'));
        await once(process, 'uncaughtException');
        await new Promise((resolve) => setImmediate(resolve));
      });`,
    'teardown.test.ts': `
      import t from 'tap';
      t.teardown(() => { throw new Error('torn'); });
      t.pass('here');`,
    'missing.test.ts': `
      import t from 'tap';
      import './no-such-module.ts';
      t.pass('never');`,
    'last.test.ts': `
      import t from 'tap';
      t.pass('reached');`,
  });
  t.equal(code, 1, output);
  // tap reports a teardown that throws more than once.
  t.ok(totals({ code, output }).failed >= 5, 'five of six files fail');
  for (const line of [
    /^ {4}not ok \d+ - an assertion/m,
    /^ {8}not ok \d+ - inner/m,
    /^ {12}not ok \d+ - thrown late/m,
    /^ {4}not ok \d+ - a promise that nobody awaits/m,
    /^not ok \d+ - \S+teardown\.test\.ts/m,
    /no-such-module/,
    /^ok \d+ - \S+last\.test\.ts/m,
  ])
    t.match(output, line);
});

t.test('an assertion is counted and shown whatever its message contains', async (t) => {
  const { code, output } = await runGroup({
    'separators.test.ts': `
      import t from 'tap';
      t.test('one\\u2028name', async (t) => {
        t.equal('a\\u2028b', 'a\\u2029b', 'before\\u2028after');
        t.pass('fine\\u2029');
        t.equal(3, 3, 'plain');
      });`,
  });
  t.equal(code, 1, output);
  t.match(output, /^ {8}not ok 1 - before<U\+2028>after$/m);
  t.match(output, /^ {4}not ok 1 - one<U\+2028>name/m);
  t.same(totals({ code, output }), { passed: 2, failed: 1 });
});
