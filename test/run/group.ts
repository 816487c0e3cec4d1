/**
 * `node test/run/group.ts FILE…` runs test files one after the other in this process, each as a subtest with the file's
 * name. The files share modules, compiled code, helper processes and the browser. In a test file, `tap` is the subtest
 * of that file, so each teardown runs when the file ends. In a helper, `tap` is the root test of the process.
 */
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Test } from 'tap';

/** The time limit of one file in milliseconds. The group as a whole has no limit. */
const LIMIT = 300_000;

const DOMAINS = 'async-hook-domain';
const OWN = 'tap-of:';
const tests = new Map<string, Test>();
Object.assign(globalThis, { testOfFile: tests });

registerHooks({
  resolve(name, context, next) {
    const parent = context.parentURL ?? '';
    if (name === DOMAINS) return { url: `${OWN}${DOMAINS}`, format: 'module', shortCircuit: true };
    if (name !== 'tap' || !tests.has(parent)) return next(name, context);
    return { url: OWN + parent, format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.startsWith(OWN)) return next(url, context);
    const name = url.slice(OWN.length);
    // To find the test of an uncaught error, tap uses a package that tracks every promise and takes a tenth of all CPU
    // time. Subtests do not overlap here, so the running test is the one that threw.
    const source =
      name === DOMAINS
        ? 'export class Domain { destroy() {} }'
        : `export default globalThis.testOfFile.get(${JSON.stringify(name)});`;
    return { format: 'module', source, shortCircuit: true };
  },
});

const files = process.argv.splice(2);
if (files.length === 0) throw new Error('a group of tests needs at least one file');
// tap names its fixture folders after the program and the test. The program's name must be short, because sockets in
// these folders need a short path. The name must differ between groups, because each group needs its own folders.
process.argv[1] = resolve(String(process.pid));
const { default: root } = await import('tap');
const { startGitRunner } = await import('../helpers/git.ts');

patch(root);
process.on('uncaughtException', (error) => runningTest(root).threw(error));
startGitRunner();
for (const file of files) {
  const url = pathToFileURL(file).href;
  await root.test(file, { timeout: LIMIT }, async (t) => {
    tests.set(url, t);
    await import(url);
  });
  // Removes the time limit that a helper sets for the process. This limit is meant for a process that runs one file.
  root.setTimeout(0);
}

/** Returns the innermost test that is running now. */
function runningTest(test: Test): Test {
  const [inner] = test.activeSubtests;
  return inner ? runningTest(inner as Test) : test;
}

/**
 * Changes two things in all tests:
 * - U+2028 and U+2029 in messages and values become their code points. tap reads its own output line by line, and these
 *   characters end a line in its regular expressions. Otherwise tap would lose the assertion and not count a failure.
 * - A test's folder (`t.testdir`) is deleted after the teardown handlers of the test. tap deletes it before, unless the test had a
 *   teardown already. A server that still runs writes files in the folder meanwhile; then the deletion fails, and the
 *   server is never stopped.
 */
function patch(test: Test): void {
  const oneLine = (text: unknown): unknown =>
    typeof text === 'string'
      ? text.replaceAll('\u2028', '<U+2028>').replaceAll('\u2029', '<U+2029>')
      : text;
  let base = test as unknown as Record<'pass' | 'fail' | 'sub', (...args: unknown[]) => unknown>;
  while (!Object.hasOwn(base, 'sub')) base = Object.getPrototypeOf(base);
  const { pass, fail, sub } = base;
  base.pass = function (message, extra) {
    return pass.call(this, oneLine(message), extra);
  };
  base.fail = function (message, extra) {
    const shown = Object.entries(extra ?? {}).map(([key, value]) => [key, oneLine(value)]);
    return fail.call(this, oneLine(message), Object.fromEntries(shown));
  };
  base.sub = function (kind, options, ...more) {
    const { name, cb, ...others } = (options ?? {}) as { name?: string; cb?: (t: Test) => unknown };
    const body = cb && {
      cb(t: Test) {
        t.teardown(() => undefined);
        return cb(t);
      },
    };
    return sub.call(this, kind, { ...others, ...body, name: oneLine(name) }, ...more);
  };
}
