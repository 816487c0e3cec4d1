/*
 * The flaw: branches named `Main` or `v99` were accepted. Windows and macOS keep refs in files and ignore their case,
 * so clones there confuse these branches with the registry's own refs. Also, a branch `a` beside `a/b` was refused with
 * the wrong message "somebody else was faster". Verified with real git: a name is refused when its branch is created if
 * it resembles one of the registry's or git's own names, if some disk cannot store it, or if two disks treat it
 * differently. The message gives the reason. Existing branches can be deleted.
 */
import t from 'tap';
import { gitResult } from '../helpers/git.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

let lab: TestLab;
let cwd: string;
t.before(async () => {
  lab = await startLab(t);
  await lab.ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  cwd = t.testdir({});
  const clone = ['clone', '-q', lab.gitUrl('Meter', lab.ben.token), '.'];
  await gitResult(clone, { cwd });
  await gitResult(
    [
      '-c',
      'user.name=Ben',
      '-c',
      'user.email=ben@lab.example',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'Work',
    ],
    { cwd },
  );
});

const push = (...refspecs: string[]) => gitResult(['push', 'origin', ...refspecs], { cwd });
/** git's message about one ref, after `->`. */
const saidOf = (stderr: string, name: string) =>
  stderr.split('\n').find((line) => line.includes(`-> ${name} `) || line.endsWith(`-> ${name}`)) ??
  '';

const RESERVED = [
  'Main',
  'MAIN',
  'ｍain',
  'ma\u2170n',
  'v99',
  'V1',
  'ｖ２',
  'head',
  'Head',
  'FETCH_HEAD',
  'ORIG_HEAD',
  'a'.repeat(40),
  'refs/heads/x',
  'heads/x',
  'tags/v1',
  '@',
  'm\u0430in',
  'm\u0391IN',
  'attested',
  'Attested',
  'registry/state',
];
const UNFIT = ['con', 'aux.txt', 'COM1/x', 'a|b', 'a"b', 'x'.repeat(120), 'e\u200bx', 'end./x'];

t.test('names that resemble reserved ones or do not fit every disk are refused', async (t) => {
  const names = [...RESERVED, ...UNFIT];
  const { code, stderr } = await push(...names.map((name) => `HEAD:refs/heads/${name}`));
  t.not(code, 0);
  for (const name of RESERVED) t.match(saidOf(stderr, name), /remote rejected.*too similar/, name);
  for (const name of UNFIT)
    t.match(
      saidOf(stderr, name),
      /remote rejected.*(does not work on all operating systems|hidden characters)/,
      name,
    );
});

t.test('if two names are equal on Windows or macOS, the second one is refused', async (t) => {
  t.equal((await push('HEAD:refs/heads/Straße/öl')).code, 0);
  const twins = ['strasse/öl', 'Straße/O\u0308l', 'STRASSE/other', 'straße'];
  const { stderr } = await push(...twins.map((name) => `HEAD:refs/heads/${name}`));
  for (const name of twins)
    t.match(saidOf(stderr, name), /remote rejected.*Windows and macOS/, name);
  const both = await push('HEAD:refs/heads/twin', 'HEAD:refs/heads/Twin');
  t.not(both.code, 0);
  t.match(both.stderr, /Windows and macOS/);
  t.equal(
    (await push('HEAD:refs/heads/Straße/more')).code,
    0,
    'another name in the same folder is accepted',
  );
});

t.test('a branch that would be a folder of another is refused with git’s message', async (t) => {
  t.equal((await push('HEAD:refs/heads/work/one')).code, 0);
  const { stderr } = await push('HEAD:refs/heads/work');
  t.match(stderr, /'refs\/heads\/work\/one' exists; cannot create 'refs\/heads\/work'/);
  t.match(stderr, /remote: A branch name cannot also be a folder/);
  t.notMatch(stderr, /faster/);
  const below = await push('HEAD:refs/heads/work/one/two');
  t.match(below.stderr, /'refs\/heads\/work\/one' exists; cannot create/);
  for (const atomic of [[], ['--atomic']]) {
    t.equal((await push(...atomic, ':refs/heads/work/one', 'HEAD:refs/heads/work')).code, 0);
    t.equal((await push(...atomic, 'HEAD:refs/heads/work/one', ':refs/heads/work')).code, 0);
  }
});

t.test('a push of many branches is answered quickly, and one of too many is refused', async (t) => {
  const branches = (count: number) =>
    Array.from({ length: count }, (_, n) => `HEAD:refs/heads/many/Folder-${n}/Öl`);
  const { BranchNames, nameProblem } = await import('../../registry/services/push/branch-names.ts');
  const refs = branches(20_000).map((refspec) => refspec.slice('HEAD:'.length));
  const before = performance.now();
  const names = new BranchNames(refs);
  t.same(
    refs.flatMap((ref) => nameProblem(ref, names) ?? []),
    [],
  );
  t.ok(performance.now() - before < 5000, 'each name is looked up instead of compared with all');
  const { code, stderr } = await push(...branches(1001));
  t.not(code, 0);
  t.match(stderr, /remote rejected.*at most 1000 refs; push them in parts/);
});
