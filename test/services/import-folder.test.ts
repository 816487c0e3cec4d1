/** Import of a folder and export of definitions. The target of the import is in memory. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { AnalysisPool } from '../../registry/analysis/pool.ts';
import { runExport } from '../../registry/cli/export.ts';
import { runImport as importCommand } from '../../registry/cli/import.ts';
import { exportFolder } from '../../registry/services/import-export/export-folder.ts';
import { listFolder } from '../../registry/services/import-export/folder-files.ts';
import {
  type ImportOptions,
  importFolder,
} from '../../registry/services/import-export/import-folder.ts';
import { formatReport } from '../../registry/services/import-export/report-text.ts';
import { StoreError } from '../../registry/store/errors.ts';
import { RepositoryError } from '../../repos/errors.ts';
import { openGitProgram } from '../../repos/process.ts';
import { MemoryTarget } from './memory-target.ts';

// The time limit is higher than usual, because the first worker compiles its code.
t.setTimeout(120_000);
const git = await openGitProgram();
const analysis = new AnalysisPool();
t.teardown(async () => {
  await analysis.close();
  await git.close();
});

const METER = `import numpy as np


class Meter(BaseMeasurementInstrument):
    """Reads."""

    def __init__(self, name="m"):
        super().__init__(name)
        self.data_columns = np.array(["V"])
        self.data_units = np.array(["V"])

    def _perform_measurement_impl(self):
        return np.array([[1.0]])
`;

const renameMeter = (name: string): string => METER.replace('Meter', name);

async function write(folder: string, files: Record<string, string>): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

async function runImport(folder: string, target: MemoryTarget, options: ImportOptions = {}) {
  return await importFolder(folder, options, target, { git, analysis });
}

function runGit(folder: string, args: string[], who = 'Ada', at = '2024-05-06T07:08:09+02:00') {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_CEILING_DIRECTORIES: dirname(folder),
    GIT_AUTHOR_NAME: who,
    GIT_AUTHOR_EMAIL: `${who.toLowerCase()}@lab.example`,
    GIT_AUTHOR_DATE: at,
    GIT_COMMITTER_NAME: 'Committer',
    GIT_COMMITTER_EMAIL: 'c@lab.example',
  };
  execFileSync('git', args, { cwd: folder, env, stdio: 'pipe' });
}

/** A folder outside the checkout, so that git does not find the checkout's repository. */
function tempFolder(t: Test, name = 'Instruments'): string {
  const outer = mkdtempSync(join(tmpdir(), 'import-folder-'));
  t.teardown(() => rm(outer, { recursive: true }));
  // One test reads the folder under another account.
  chmodSync(outer, 0o755);
  mkdirSync(join(outer, name));
  return join(outer, name);
}

t.test(
  'a second import changes nothing, and a changed source creates the next version',
  async (t) => {
    const folder = await write(tempFolder(t), { 'Some_Maker/meter.py': METER });
    const target = new MemoryTarget();
    const first = await runImport(folder, target);
    t.match(first.imported, [
      { name: 'Meter', path: 'Some_Maker/meter.py', line: 4, result: 'created', version: 1 },
    ]);
    t.same([first.warnings, first.imported[0]?.overrides, first.skipped], [[], [], []]);
    t.match(target.text('Meter'), /# manufacturer = "Some Maker"/);
    const second = await runImport(folder, target);
    t.match(second.counts, { imported: 1, created: 0, updated: 0, unchanged: 1 });
    await write(folder, { 'Some_Maker/meter.py': METER.replace('1.0', '2.0') });
    const third = await runImport(folder, target);
    t.match(third.imported, [{ result: 'updated', version: 2 }]);
    const message = target.versions.get('Meter')?.[1]?.message;
    t.equal(message, 'Update Meter\n\nFrom Some_Maker/meter.py');
  },
);

t.test('a dry run prints the same report and writes nothing', async (t) => {
  const folder = await write(tempFolder(t), { 'meter.py': METER });
  const target = new MemoryTarget();
  const dry = await runImport(folder, target, { dryRun: true });
  t.match(dry, { dry_run: true, imported: [{ name: 'Meter', result: 'created' }] });
  t.equal(target.versions.size, 0);
  await runImport(folder, target);
  t.match(await runImport(folder, target, { dryRun: true }), { counts: { unchanged: 1 } });
  await write(folder, { 'meter.py': `${METER}    x = 1\n` });
  t.match(await runImport(folder, target, { dryRun: true }), { counts: { updated: 1 } });
  t.equal(target.versions.get('Meter')?.length, 1);
});

t.test('banned imports and names undefined in a branch land with an override', async (t) => {
  const folder = await write(tempFolder(t), {
    'meter.py': `import os\n${METER}\n    def f(self):\n        return os.name, undefined_name\n`,
  });
  const target = new MemoryTarget();
  const report = await runImport(folder, target);
  const codes = report.imported[0]?.overrides.map(({ code }) => code).sort();
  t.same(codes, ['F821', 'banned-import']);
  t.same(target.versions.get('Meter')?.[0]?.overrides, report.imported[0]?.overrides);
  t.match(
    formatReport(report).join('\n'),
    /with an override of the policy:\n {2}Meter \(Meter\.py:\d+:\d+\): F821 .*\n {2}Meter \(Meter\.py:\d+:\d+\): banned-import /,
  );
});

t.test('the report lists losses first, counts causes, and says what loads', async (t) => {
  const many = Array.from({ length: 7 }, (_, i): [string, string] => [
    `m/dev${i}.py`,
    `import os, serial\n${renameMeter(`Dev${i}`)}`,
  ]);
  const folder = await write(tempFolder(t), {
    ...Object.fromEntries(many),
    'a/twin.py': renameMeter('Twin'),
    'b/twin.py': `${renameMeter('Twin')}    x = 1\n`,
    'taken.py': renameMeter('Taken'),
    'big.py': '#'.repeat(3_200_000),
    ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`lib/f${i}.py`, 'X = 1\n'])),
  });
  const target = new MemoryTarget();
  await target.landEmpty('Taken');
  target.refuses.add('Taken');
  const dry = await runImport(folder, target, { dryRun: true });
  const report = await runImport(folder, target);
  t.same(
    { ...dry, dry_run: false },
    {
      ...report,
      imported: report.imported.map(({ version, ...one }) => one),
    },
    'a dry run prints the same report as the real import',
  );
  t.match(report.counts, { imported: 7, lost: 4, overrides: 7 });
  t.match(
    report.skipped.find(({ class: name }) => name === 'Taken'),
    { kind: 'taken', free_name: 'Taken_2' },
  );
  t.match(report.imported[0]?.loads, { answer: 'if', allow: ['os'], packages: ['pyserial'] });
  const text = formatReport(report).join('\n');
  t.match(
    text,
    /^Not imported: the name is taken:\n.*Twin.*\n.*Twin.*\n.*--rename Taken=Taken_2/,
    'clashes first',
  );
  t.match(text, /--prefer PATH/);
  t.match(text, /big\.py: too large: it has 3\.1 MB, a file may have 1 MB/);
  t.match(
    text,
    /without changes: 0 of 7\.\n {2}7 × only if the lab allows os\. .*\n {6}Dev0, Dev1, Dev2 and 4 more\n/,
  );
  t.match(text, /7 × with the package pyserial installed/);
  t.match(text, /Files without instruments: 9 /);
  t.notMatch(text, /lib\/f3/);
  t.match(formatReport(report, true).join('\n'), /lib\/f3\.py: no class in it/);
  const chosen = await runImport(folder, new MemoryTarget(), {
    choice: { include: ['Twin'], rename: [{ path: 'b/twin.py', from: 'Twin', to: 'Twin_B' }] },
  });
  t.match(chosen.imported, [
    { name: 'Twin', path: 'a/twin.py' },
    { name: 'Twin_B', original: 'Twin', path: 'b/twin.py' },
  ]);
  await t.rejects(runImport(folder, new MemoryTarget(), { choice: { prefer: ['c'] } }), {
    code: 'invalid',
    message: /no class matches --prefer c/,
  });
});

t.test(
  'the packages that a header requires are reported, whatever their modules are called',
  async (t) => {
    const header =
      '# /// script\n# dependencies = ["acme-lab>=2", "PySerial", "numpy"]\n# ///\nimport acme, serial, yaml\n';
    const folder = await write(tempFolder(t), { 'x.py': header + renameMeter('X') });
    const report = await runImport(folder, new MemoryTarget());
    t.same(report.imported[0]?.loads.packages, ['PySerial', 'acme', 'acme-lab>=2', 'pyyaml']);
  },
);

t.test(
  'classes that cannot be loaded, named or landed are skipped, and the others are imported',
  async (t) => {
    const folder = await write(tempFolder(t), {
      'meter.py': METER,
      'broken.py': renameMeter('Broken').replace('(self,', '(self'),
      'con.py': renameMeter('Con'),
      'taken.py': renameMeter('Taken'),
      'case.py': renameMeter('STAGE'),
      'notes.txt': 'hello',
      '.git/x.py': renameMeter('Hidden'),
      '__pycache__/x.py': renameMeter('Cached'),
      'env/pyvenv.cfg': '',
      'env/x.py': renameMeter('Venv'),
    });
    await write(dirname(folder), { 'outside.py': renameMeter('Outside') });
    await symlink('../outside.py', join(folder, 'link.py'));
    await symlink('..', join(folder, 'up'));
    const target = new MemoryTarget();
    target.refuses.add('Taken');
    await target.landEmpty('Stage');
    const report = await runImport(folder, target);
    t.same(
      report.imported.map(({ name }) => name),
      ['Meter'],
    );
    const reasons = Object.fromEntries(report.skipped.map(({ path, reason }) => [path, reason]));
    t.match(reasons, {
      'broken.py': /does not parse/,
      'case.py': /clashes with the definition Stage/,
      'con.py': /name of a device/,
      'link.py': 'a symbolic link',
      'notes.txt': 'not Python',
      'taken.py': 'Another lab has that name.',
      up: 'a symbolic link',
    });
    t.equal(report.skipped.length, 7);
  },
);

t.test('unreadable files are reported, and the others are imported', async (t) => {
  const folder = await write(tempFolder(t), {
    'meter.py': METER,
    'closed/x.py': renameMeter('X'),
    'build/lib/meter.py': `${METER}# older\n`,
    'conda/conda-meta/history': '',
    'conda/lib/python3.12/x.py': renameMeter('Conda'),
    '.tox/x.py': renameMeter('Tox'),
    '.eggs/x.py': renameMeter('Egg'),
    'lib/site-packages/x.py': renameMeter('Site'),
    'web/node_modules/x.py': renameMeter('Node'),
  });
  execFileSync('mkfifo', [join(folder, 'pipe.py')]);
  await symlink('loop.py', join(folder, 'loop.py'));
  await chmod(join(folder, 'closed'), 0);
  // The account root can read every file.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  const read = await listFolder(folder).finally(() => isRoot && process.seteuid?.(0));
  await chmod(join(folder, 'closed'), 0o700);
  t.same(
    read.files.map(({ path }) => path),
    ['meter.py'],
  );
  const reasons = Object.fromEntries(read.skipped.map(({ path, reason }) => [path, reason]));
  t.match(reasons, {
    build: /build results/,
    closed: /cannot be read \(EACCES\)/,
    'loop.py': 'a symbolic link',
    'pipe.py': 'a named pipe, not a file',
  });
  t.equal(read.skipped.length, 4);
});

t.test('a definition that cannot be stored is skipped, and the rest is imported', async (t) => {
  const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];
  const folder = await write(
    tempFolder(t),
    Object.fromEntries(names.map((name) => [`${name}.py`, renameMeter(name)])),
  );
  const target = new MemoryTarget();
  target.failures.set('A', new RepositoryError('git_failed', 'no space left'));
  target.failures.set('B', new StoreError('check_violation', 'the database refuses it'));
  const report = await runImport(folder, target);
  t.match(report.skipped, [
    { class: 'A', reason: 'no space left' },
    { class: 'B', reason: 'the database refuses it' },
  ]);
  t.equal(report.counts.imported, 5);
});

t.test('after an unexpected error the report still says what was imported', async (t) => {
  const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];
  const folder = await write(
    tempFolder(t),
    Object.fromEntries(names.map((name) => [`${name}.py`, renameMeter(name)])),
  );
  const target = new MemoryTarget();
  target.failures.set('B', new TypeError('a bug'));
  const file = join(dirname(folder), 'report.json');
  const terminal = { out() {}, err() {}, progress() {} };
  const command = importCommand({ target, git, analysis }, terminal, { folder, report: file });
  await t.rejects(command, { code: 'import_ended', cause: { message: 'a bug' } });
  const report = JSON.parse(await readFile(file, 'utf8'));
  t.same(
    report.imported.map(({ name }: { name: string }) => name),
    [...target.versions.keys()].sort(),
  );
  t.ok(report.imported.length > 0, 'the definition in progress was completed');
});

t.test('files beyond the limits of the registry, or that clash, are not imported', async (t) => {
  const folder = await write(tempFolder(t), {
    'long.py': `${renameMeter('Long')}# ${'x'.repeat(2000)}\n`,
    'pair/pair.py': `TABLES = ["t.csv", "T.csv"]\n${renameMeter('Pair')}    tables = TABLES\n`,
    'pair/t.csv': '1\n',
    'pair/T.csv': '2\n',
    'meter.py': METER,
  });
  const target = new MemoryTarget();
  target.maxFileBytes = 2000;
  const { imported, skipped } = await runImport(folder, target);
  t.match(imported, [{ name: 'Meter' }]);
  const reasons = Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]));
  t.match(reasons, { 'long.py': /too large/, 'pair/pair.py': /the same file/ });
});

t.test('the author is that of the last commit, also in a subfolder of a checkout', async (t) => {
  const root = tempFolder(t, 'checkout');
  const folder = join(root, 'lab', 'setups');
  await write(folder, { 'a b/meter.py': METER, 'stage.py': renameMeter('Stage') });
  runGit(root, ['init', '-q']);
  runGit(root, ['add', '.']);
  runGit(root, ['commit', '-qm', 'one']);
  await write(folder, {
    'stage.py': `${renameMeter('Stage')}    x = 1\n`,
    'new.py': renameMeter('New'),
  });
  runGit(root, ['commit', '-qam', 'two'], 'Grace', '2024-06-07T08:09:10-03:30');
  const target = new MemoryTarget();
  await runImport(folder, target);
  t.match(target.versions.get('Meter')?.[0]?.author, {
    name: 'Ada',
    email: 'ada@lab.example',
    at: new Date('2024-05-06T05:08:09Z'),
    offsetMinutes: 120,
  });
  t.match(target.versions.get('Stage')?.[0]?.author, { name: 'Grace', offsetMinutes: -210 });
  const message = target.versions.get('Stage')?.[0]?.message;
  t.match(message, /^Import Stage\n\nFrom stage\.py, commit [0-9a-f]{40}$/);
  t.equal(target.versions.get('New')?.[0]?.author, undefined, 'never committed');
});

/**
 * The flaw: a checkout may come from anybody, and its `.git/config` names programs that git runs: to verify signatures,
 * to fetch a missing object from the remote of a partial clone, or to watch the files. The attack: each of these
 * settings names a program that leaves a mark. Verified: the import leaves no mark, and finds the authors that can be
 * found without these programs.
 */
t.test('reading the folder’s history runs no program that the folder names', async (t) => {
  const folder = await write(tempFolder(t, 'checkout'), { 'meter.py': METER });
  const mark = join(dirname(folder), 'mark');
  const evil = join(dirname(folder), 'evil');
  await writeFile(evil, `#!/bin/sh\necho "$0 $*" >>'${mark}'\nexit 1\n`, { mode: 0o755 });
  runGit(folder, ['init', '-q']);
  runGit(folder, ['add', '.']);
  runGit(folder, ['commit', '-qm', 'one']);
  const raw = execFileSync('git', ['cat-file', 'commit', 'HEAD'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const format = { openpgp: 'PGP SIGNATURE', x509: 'SIGNED MESSAGE', ssh: 'SSH SIGNATURE' };
  const programs = ['gpg.program', 'gpg.openpgp.program', 'gpg.x509.program', 'gpg.ssh.program'];
  const settings = {
    ...Object.fromEntries(programs.map((key) => [key, evil])),
    'log.showSignature': 'true',
    'gpg.ssh.allowedSignersFile': evil,
    'core.fsmonitor': evil,
    'core.pager': evil,
    'core.editor': evil,
    'core.sshCommand': evil,
    'core.gitProxy': evil,
    'core.hooksPath': dirname(folder),
    'diff.external': evil,
    'diff.evil.textconv': evil,
    'diff.evil.command': evil,
    'credential.helper': evil,
    'protocol.allow': 'always',
    'protocol.ext.allow': 'always',
    'protocol.file.allow': 'always',
    'remote.origin.uploadpack': evil,
    'remote.origin.promisor': 'true',
    'remote.origin.partialclonefilter': 'tree:0',
    'extensions.partialClone': 'origin',
    'core.repositoryFormatVersion': '1',
  };
  await write(folder, { '.git/info/attributes': '* diff=evil\n' });
  for (const [key, value] of Object.entries(settings)) runGit(folder, ['config', key, value]);

  for (const [kind, armour] of Object.entries(format)) {
    const signature = `gpgsig -----BEGIN ${armour}-----\n \n evil\n -----END ${armour}-----\n\n`;
    const signed = raw.replace('\n\n', `\n${signature}`);
    const args = ['hash-object', '-t', 'commit', '-w', '--stdin'];
    const oid = execFileSync('git', args, { cwd: folder, input: signed, encoding: 'utf8' }).trim();
    runGit(folder, ['update-ref', 'refs/heads/signed', oid]);
    runGit(folder, ['symbolic-ref', 'HEAD', 'refs/heads/signed']);
    const target = new MemoryTarget();
    await runImport(folder, target);
    await t.rejects(readFile(mark, 'utf8'), { code: 'ENOENT' }, `signed with ${kind}`);
    t.match(target.versions.get('Meter')?.[0]?.author, { name: 'Ada' }, kind);
  }

  const tree = execFileSync('git', ['rev-parse', 'HEAD^{tree}'], { cwd: folder, encoding: 'utf8' });
  await rm(join(folder, '.git/objects', tree.slice(0, 2), tree.slice(2).trim()));
  const remotes = ['ssh://git@lab.example/x', `ext::${evil} %S`, folder, 'evil::x', 'git://lab/x'];
  for (const url of remotes) {
    runGit(folder, ['config', 'remote.origin.url', url]);
    t.match(await runImport(folder, new MemoryTarget()), { counts: { imported: 1 } });
    await t.rejects(readFile(mark, 'utf8'), { code: 'ENOENT' }, `a tree is missing: ${url}`);
  }
});

t.test('importing an export changes nothing', async (t) => {
  const folder = await write(tempFolder(t), {
    'Maker/meter.py': `from .bus import PORT\n${METER}    port = PORT\n    table = "t.csv"\n`,
    'Maker/__init__.py': '',
    'Maker/bus.py': 'PORT = 1\n',
    'Maker/t.csv': '1,2\n',
    'Maker/stage.py': renameMeter('Stage'),
    'device.py':
      'from vendor import Device\n\n\nclass Thing(Device):\n    def __init__(self):\n        pass\n',
  });
  const first = new MemoryTarget();
  await runImport(folder, first, { bases: new Map([['Device', 'movement']]) });
  t.same([...first.versions.keys()].sort(), ['Meter', 'Stage', 'Thing']);
  const out = join(dirname(folder), 'out');
  const exported = await exportFolder(out, first.definitions());
  t.same([exported.written.sort(), exported.refused], [['Meter', 'Stage', 'Thing'], []]);
  t.equal(await readFile(join(out, 'Meter/t.csv'), 'utf8'), '1,2\n');
  t.equal(await readFile(join(out, 'Stage.py'), 'utf8'), first.text('Stage'));
  const second = new MemoryTarget();
  t.same((await runImport(out, second)).skipped, []);
  for (const [name, [item]] of first.versions) {
    const again = second.versions.get(name)?.[0];
    t.same([...(again?.files.keys() ?? [])].sort(), [...(item?.files.keys() ?? [])].sort());
    for (const [path, bytes] of item?.files ?? []) {
      t.equal(Buffer.compare(bytes, again?.files.get(path) ?? Buffer.of(0)), 0, `${name} ${path}`);
    }
  }
  t.match(await runImport(out, first), { counts: { unchanged: 3, imported: 3 } });
  t.equal((await exportFolder(out, first.definitions())).unchanged.length, 3);
});

t.test('an export overwrites nothing else and never writes outside its folder', async (t) => {
  const folder = await write(tempFolder(t, 'out'), { 'A.py': 'mine\n', 'D/D.py': 'old\n', F: '' });
  await symlink(dirname(folder), join(folder, 'E'));
  const one = async function* (name: string, files: Record<string, string>) {
    const bytes = Object.entries(files).map(([path, text]): [string, Uint8Array] => [
      path,
      new TextEncoder().encode(text),
    ]);
    yield { name, files: new Map(bytes) };
  };
  const cases: [string, Record<string, string>, RegExp][] = [
    ['A', { 'A.py': 'theirs\n' }, /different content/],
    ['B', { 'B.py': 'x', '../escape.py': 'x' }, /is outside the folder/],
    ['B', { 'B.py': 'x', '/etc/escape': 'x' }, /is outside the folder/],
    ['..', { 'x.py': 'x', 'y.py': '' }, /is outside the folder/],
    ['C', { 'C.py': 'x', 'a\\b': 'x' }, /is outside the folder/],
    ['D', { 'D.py': 'x' }, /earlier export/],
    ['E', { 'E.py': 'x', 'F.py': 'x' }, /is not a folder/],
    ['F', { 'F.py': 'x', 'G.py': 'x' }, /is not a folder/],
  ];
  for (const [name, files, reason] of cases) {
    const report = await exportFolder(folder, one(name, files));
    t.match(report, { written: [], refused: [{ name, reason }] }, `${name} ${reason}`);
  }
  t.equal(await readFile(join(folder, 'A.py'), 'utf8'), 'mine\n');
  await t.rejects(readFile(join(folder, 'B', 'B.py')), { code: 'ENOENT' });
  const forced = await exportFolder(folder, one('A', { 'A.py': 'theirs\n' }), { overwrite: true });
  t.same(forced.written, ['A']);
  t.equal(await readFile(join(folder, 'A.py'), 'utf8'), 'theirs\n');
});

t.test('the commands print the report, write it as JSON, and name bad input', async (t) => {
  const folder = await write(tempFolder(t), {
    'meter.py': METER,
    'x.py': 'class X(Device):\n    pass\n',
  });
  const lines: string[] = [];
  const progress: [number, number][] = [];
  const terminal = {
    out: (line: string) => void lines.push(line),
    err: (line: string) => void lines.push(line),
    progress: (done: number, total: number) => void progress.push([done, total]),
  };
  const target = new MemoryTarget();
  const reportFile = join(dirname(folder), 'report.json');
  const options = { folder, report: reportFile, base: ['Device=movement'] };
  t.equal(await importCommand({ target, git, analysis }, terminal, options), 0);
  t.match(lines.join('\n'), /Imported:\n {2}Meter v1 \(new\): from meter\.py:4\n {2}X v1 /);
  t.match(lines.at(-1), /^2 definitions: 2 new, 0 updated, 0 unchanged\./);
  t.same(progress.at(-1), [2, 2]);
  const report = JSON.parse(await readFile(reportFile, 'utf8'));
  t.match(report, { folder, dry_run: false, counts: { imported: 2, skipped: 0 } });
  const bad = { folder, base: ['Device'] };
  await t.rejects(importCommand({ target, git, analysis }, terminal, bad), { code: 'invalid' });
  const absent = { folder: join(folder, 'absent') };
  await t.rejects(importCommand({ target, git, analysis }, terminal, absent), { code: 'invalid' });
  const out = join(dirname(folder), 'out');
  const deps = { definitions: target.definitions(), total: 2 };
  t.equal(await runExport(deps, terminal, { folder: out }), 0);
  t.equal(lines.at(-1), `2 definitions written to ${out}, 0 unchanged, 0 refused.`);
});

t.test(
  'a file that changes while the folder is read ends the import with a conflict',
  async (t) => {
    const names = Array.from({ length: 12 }, (_, i) => `D${i}`);
    const folder = await write(
      tempFolder(t),
      Object.fromEntries(names.map((name) => [`${name}.py`, renameMeter(name)])),
    );
    const target = new MemoryTarget();
    const file = join(dirname(folder), 'report.json');
    const terminal = { out() {}, err() {}, progress() {} };
    const land = target.land.bind(target);
    target.land = async (item) => {
      // The new content has the same length, so only the file's times have changed.
      if (target.versions.size === 0)
        for (const name of names)
          await writeFile(
            join(folder, `${name}.py`),
            renameMeter(name).replace('[[1.0]]', '[[2.0]]'),
          );
      return await land(item);
    };
    const command = importCommand({ target, git, analysis }, terminal, { folder, report: file });
    await t.rejects(command, { code: 'conflict', message: /^D\d+\.py changed while the folder/ });
    const report = JSON.parse(await readFile(file, 'utf8'));
    t.ok(report.imported.length > 0, 'the report lists earlier imports');
    t.ok(report.imported.length < names.length);
  },
);

t.test('progress is reported while files are read, before anything lands', async (t) => {
  const folder = await write(tempFolder(t), {
    'helper.py': 'X = 1\n',
    'A.py': renameMeter('A'),
    'b/two.py': `${renameMeter('B')}\n\n${renameMeter('C')}`,
  });
  const steps: string[] = [];
  await runImport(folder, new MemoryTarget(), {
    onRead: (step, done, total) => steps.push(`${step} ${done}/${total}`),
    onProgress: (done, total) => steps.push(`landed ${done}/${total}`),
  });
  t.same(steps.slice(0, 3), ['files 1/3', 'files 2/3', 'files 3/3']);
  t.same(steps.slice(3, 5), ['search 1/2', 'search 2/2'], 'A.py is a definition as it is');
  t.match(steps[5], /^classes 1\//);
  t.equal(steps.at(-1), 'landed 3/3');
});

t.test('installed Pythons are skipped, and file names are printed in one line', async (t) => {
  const folder = await write(tempFolder(t), {
    'meter.py': METER,
    'line\nfeed.py': 'class Broken(:\n',
    'Python311/python.exe': '',
    'Python311/Lib/tool.py': renameMeter('OnWindows'),
    'Python311/Scripts/run.py': renameMeter('Script'),
    'opt/lib/python3.11/os.py': '',
    'opt/lib/python3.11/site.py': '',
    'opt/lib/python3.11/encodings/__init__.py': '',
    'opt/lib/python3.11/tool.py': renameMeter('OnLinux'),
    'app/python.exe': '',
    'app/driver.py': renameMeter('Embedded'),
  });
  const report = await runImport(folder, new MemoryTarget());
  t.same(
    report.imported.map(({ name }) => name),
    ['Embedded', 'Meter'],
  );
  const lines = formatReport(report);
  t.ok(lines.some((line) => /line.+feed\.py/.test(line)));
  t.notOk(lines.some((line) => line.includes('\n')));
});
