/**
 * Writing by git (docs/contract.md, section 4): what a push to `main` lands, what is refused, and that a refusal leaves
 * nothing behind.
 */
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import isomorphic from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import t from 'tap';
import { AnalysisPool } from '../../registry/analysis/pool.ts';
import { fsck, git, gitResult } from '../helpers/git.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { pythonWith } from '../helpers/python.ts';
import { measurement, type Person } from '../helpers/registry.ts';
import { packOf, post, pushBody, readPushAnswer } from '../repos/serve/raw.ts';

const MAX_FILE_BYTES = 20_000;
const MAX_PACK_BYTES = 200_000;

/** The folder of all clones of this file. */
const clones = t.testdir();
let lab: TestLab;
t.before(async () => {
  lab = await startLab(t, {
    environment: {
      MAX_FILE_BYTES: String(MAX_FILE_BYTES),
      MAX_PACK_BYTES: String(MAX_PACK_BYTES),
    },
  });
});

/** Creates a definition with two versions, and a clone of it in which `ada` works. */
async function definition(name: string) {
  const { client, token } = lab.ada;
  const { id } = await client.definitions.create({ name, source_code: measurement(name) });
  await client.definitions.change(id, { source_code: measurement(name, 2) });
  return { id, name, clone: await cloneOf(name, token) };
}

async function cloneOf(name: string, token: string): Promise<string> {
  const folder = join(clones, `${name}-${randomUUID()}`);
  await git(['clone', '-q', lab.gitUrl(name, token), folder]);
  return folder;
}

async function commit(cwd: string, message: string, files: Record<string, string | Buffer> = {}) {
  for (const [path, content] of Object.entries(files)) await writeFile(join(cwd, path), content);
  await git(['add', '-A'], { cwd });
  await git(['commit', '-q', '-m', message], { cwd });
}

const push = (cwd: string, ...args: string[]) =>
  gitResult(['push', 'origin', ...(args.length > 0 ? args : ['HEAD:main'])], { cwd });

/** Everything that a refused push must not change: the API's answers, the refs, and every file of the repository. */
async function stateOf({ id, name }: { id: number; name: string }) {
  const { version, head } = await lab.ada.client.definitions.read(id);
  const refs = await git(['ls-remote', lab.gitUrl(name, lab.ada.token)]);
  const entries = await readdir(pathOf(name), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const prepared = await readdir(join(lab.dataDir, 'repos', '.workshop'), { recursive: true });
  return { version, head, refs, files: files.map((f) => join(f.parentPath, f.name)), prepared };
}

const pathOf = (name: string) => join(lab.dataDir, 'repos', `${name}.git`);

interface Refused {
  /** Makes the change in the clone. */
  make(cwd: string, name: string): Promise<unknown>;
  args?: string[];
  says: RegExp[];
}

const source = (name: string) => `${name}.py`;
const REFUSED: Record<string, Refused> = {
  'a tag': {
    make: (cwd) => git(['tag', 'v9'], { cwd }),
    args: ['v9'],
    says: [/remote: Every version already has a tag/, /v9 \(only the registry creates tags\)/],
  },
  'a tag moved': {
    make: (cwd) => git(['tag', '-f', 'v1', 'HEAD'], { cwd }),
    args: ['--force', 'v1'],
    says: [/only the registry creates tags/],
  },
  'a tag deleted': {
    make: async () => undefined,
    args: [':refs/tags/v1'],
    says: [/only the registry creates tags/],
  },
  'a review for a branch other than main': {
    make: (cwd, name) => commit(cwd, 'Change', { [source(name)]: measurement(name, 3) }),
    args: ['HEAD:refs/for/wip'],
    says: [/remote: .*git push origin HEAD:refs\/for\/main/, /only to main, to branches and/],
  },
  'a branch named HEAD': {
    make: async () => undefined,
    args: ['HEAD:refs/heads/HEAD'],
    says: [/remote rejected/],
  },
  "the registry's own state": {
    make: async () => undefined,
    args: ['--force', 'HEAD:refs/registry/state'],
    says: [/the registry reserves this name/],
  },
  'a replacement of an object': {
    make: async () => undefined,
    args: ['HEAD:refs/replace/0123456789012345678901234567890123456789'],
    says: [/remote rejected/],
  },
  'a note': {
    make: (cwd) => git(['notes', 'add', '-m', 'x'], { cwd }),
    args: ['refs/notes/commits'],
    says: [/you can push only to main, to branches and to refs\/for\/main/],
  },
  'the deletion of main': {
    make: async () => undefined,
    args: [':main'],
    says: [/remote: Versions are never deleted/, /main cannot be deleted/],
  },
  'an older version forced onto main': {
    make: (cwd) => git(['reset', '-q', '--hard', 'HEAD~1'], { cwd }),
    args: ['--force', 'HEAD:main'],
    says: [/remote: A push cannot remove versions/, /non-fast-forward/],
  },
  'another line of versions forced onto main': {
    make: async (cwd, name) => {
      await git(['reset', '-q', '--hard', 'HEAD~1'], { cwd });
      await commit(cwd, 'Other', { [source(name)]: measurement(name, 7) });
    },
    args: ['--force', 'HEAD:main'],
    says: [/remote: .*git pull --rebase && git push/, /non-fast-forward/],
  },
  'an unrelated history forced onto main': {
    make: async (cwd, name) => {
      await git(['checkout', '-q', '--orphan', 'fresh'], { cwd });
      await commit(cwd, 'Other', { [source(name)]: measurement(name, 7) });
    },
    args: ['--force', 'HEAD:main'],
    says: [/non-fast-forward/],
  },
  'an empty commit': {
    make: (cwd) => git(['commit', '-q', '--allow-empty', '-m', 'Nothing'], { cwd }),
    says: [/remote: [0-9a-f]{10} changes no files/, /remote: .*git rebase/, /\(empty commit\)/],
  },
  'a broken file': {
    make: (cwd, name) =>
      commit(cwd, 'Break', {
        [source(name)]: measurement(name).replace('np.array([[', 'np.array(([['),
      }),
    says: [/remote: [A-Za-z]+\.py:\d+:\d+: /, /\(invalid definition\)/],
  },
  'a banned import': {
    make: (cwd, name) => commit(cwd, 'List', { [source(name)]: `import os\n${measurement(name)}` }),
    says: [/remote: [A-Za-z]+\.py:1:8: .*os.* \[banned-import\]/],
  },
  'a banned import in a helper module': {
    make: (cwd) => commit(cwd, 'Help', { 'helper.py': 'import sys\nimport socket\n' }),
    says: [/remote: helper\.py:2:8: .*socket/],
  },
  'a broken commit below a good one': {
    make: async (cwd, name) => {
      await commit(cwd, 'Break', { [source(name)]: 'class (\n' });
      await commit(cwd, 'Mend', { [source(name)]: measurement(name, 5) });
    },
    says: [/remote: [A-Za-z]+\.py:1:\d+: .*\(in commit [0-9a-f]{10}\)/],
  },
  'a missing main file': {
    make: (cwd, name) =>
      rename(join(cwd, source(name)), join(cwd, 'other.py')).then(() => commit(cwd, 'Move')),
    says: [/remote: .*[A-Za-z]+\.py/, /\(invalid definition\)/],
  },
  'a class of another name': {
    make: (cwd, name) => commit(cwd, 'Rename', { [source(name)]: measurement(`${name}Two`) }),
    says: [/remote: [A-Za-z]+\.py:\d+:\d+: /],
  },
  'a file named as a Windows device': {
    make: (cwd) => commit(cwd, 'Add', { 'aux.py': 'x = 1\n' }),
    says: [/remote: aux\.py: .*device on Windows/],
  },
  'a file name that ends in a dot': {
    make: (cwd) => commit(cwd, 'Add', { 'data.': 'x\n' }),
    says: [/remote: data\.: .*end in a dot/],
  },
  'a file name with a control character': {
    make: (cwd) => commit(cwd, 'Add', { 'a\tb.py': 'x = 1\n' }),
    says: [/U\+0009 \(tab\)/],
  },
  'a native library under another name': {
    make: (cwd) => commit(cwd, 'Add', { 'table.csv': Buffer.from('7f454c46020101', 'hex') }),
    says: [/remote: table\.csv:1:1: .*ELF.* \[native-library\]/],
  },
  'a file name that is not UTF-8': {
    make: async (cwd) => {
      const named = Buffer.concat([Buffer.from(`${cwd}/`), Buffer.from('caf\xe9.csv', 'latin1')]);
      await writeFile(named, 'x');
      await commit(cwd, 'Add');
    },
    says: [/remote: the file name is not UTF-8: caf\\351\.csv/],
  },
  'a symlink': {
    make: (cwd) => symlink('/etc/passwd', join(cwd, 'passwd')).then(() => commit(cwd, 'Link')),
    says: [/remote: symlink not allowed: passwd/],
  },
  'a submodule': {
    make: async (cwd) => {
      const head = (await git(['rev-parse', 'HEAD'], { cwd })).trim();
      await git(['update-index', '--add', '--cacheinfo', `160000,${head},sub`], { cwd });
      await git(['commit', '-q', '-m', 'Sub'], { cwd });
    },
    says: [/remote: submodule not allowed: sub/],
  },
  'a file that is too large': {
    make: (cwd) => commit(cwd, 'Add', { 'big.txt': 'x'.repeat(MAX_FILE_BYTES + 1) }),
    says: [/remote: file too large: big\.txt \(20001 bytes, the limit is 20000\)/],
  },
  'so many names for one file that it cannot be unpacked': {
    make: (cwd) =>
      commit(
        cwd,
        'Add',
        Object.fromEntries(Array.from({ length: 1700 }, (_, i) => [`f${i}`, 'x'.repeat(19_900)])),
      ),
    says: [/remote: the files of a version can have at most 33554432 bytes together/, /too large/],
  },
  'two files that are one on Windows and macOS': {
    make: (cwd) => commit(cwd, 'Add', { 'paths.py': 'A = 1\n', 'Paths.py': 'A = 2\n' }),
    says: [/remote: paths\.py: paths\.py and Paths\.py are the same file on Windows/],
  },
  'a file that changes what git checks out': {
    make: (cwd) => commit(cwd, 'Add', { '.gitattributes': '* text=auto\n' }),
    says: [/remote: \.gitattributes: .gitattributes would change/],
  },
  'a pack that is too large': {
    make: (cwd) => commit(cwd, 'Add', randomFiles(15)),
    says: [/remote: The packed objects of a push can take up at most 0\.2 MiB/, /pack too large/],
  },
};

/** Random files of 15 kB each, which do not compress. */
function randomFiles(count: number): Record<string, Buffer> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`data${i}.bin`, randomBytes(15_000)]),
  );
}

t.test(
  'an invalid push to main is refused with instructions and leaves nothing behind',
  async (t) => {
    const target = await definition('Target');
    const before = await stateOf(target);
    for (const [what, { make, args = [], says }] of Object.entries(REFUSED)) {
      await t.test(what, async (t) => {
        const clone = await cloneOf(target.name, lab.ada.token);
        await make(clone, target.name);
        const { code, stderr } = await push(clone, ...args);
        t.not(code, 0);
        for (const line of says) t.match(stderr, line);
        t.notMatch(stderr, /Internal|at .*\.ts:/);
        t.same(await stateOf(target), before, 'nothing has changed');
      });
    }
    await fsck(pathOf(target.name));
  },
);

t.test('a push by somebody who may not land is refused and says whom to ask', async (t) => {
  const target = await definition('Guarded');
  const before = await stateOf(target);
  const refused = async (person: Person, says: RegExp, why = /you may not land directly/) => {
    const clone = await cloneOf(target.name, person.token);
    await commit(clone, 'Change', { [source(target.name)]: measurement(target.name, 9) });
    const { code, stderr } = await push(clone);
    t.not(code, 0);
    t.match(stderr, says);
    t.match(stderr, why);
  };
  await refused(lab.ben, /remote: +git push origin HEAD:refs\/for\/main/);
  await refused(lab.cleo, /remote: Only contributors and admins of the owning lab/, /403/);
  await lab.admin.client.labs.change(lab.nano.id, { direct_landing: 'nobody' });
  await refused(lab.ada, /remote: .*policy forbids direct landings/);
  await refused(lab.admin, /remote: .*policy forbids direct landings/);
  await lab.admin.client.labs.change(lab.nano.id, { direct_landing: 'admins' });
  t.same(await stateOf(target), before);
});

t.test('each pushed commit becomes a version with its tag', async (t) => {
  const target = await definition('Series');
  for (const n of [3, 4, 5]) {
    await commit(target.clone, `Say ${n}`, { [source('Series')]: measurement('Series', n) });
  }
  const { code, stderr } = await push(target.clone, '--atomic', 'HEAD:main');
  t.equal(code, 0, stderr);
  t.match(stderr, /remote: Series is now at version 5/);
  const commits = (await git(['rev-list', '--reverse', 'HEAD'], { cwd: target.clone })).trim();
  const { items } = await lab.cleo.client.definitions.versions(target.id);
  t.same(items.map(({ commit }) => commit).reverse(), commits.split('\n'));
  t.same(
    items
      .slice(0, 3)
      .map(({ version, change_summary, landed_by }) => [version, change_summary, landed_by]),
    [5, 4, 3].map((n) => [n, `Say ${n}`, 'ada']),
  );
  await git(['fetch', '-q', '--tags', 'origin'], { cwd: target.clone });
  for (const [i, oid] of commits.split('\n').entries()) {
    t.equal((await git(['rev-parse', `v${i + 1}^{commit}`], { cwd: target.clone })).trim(), oid);
    t.equal((await git(['cat-file', '-t', `v${i + 1}`], { cwd: target.clone })).trim(), 'tag');
  }
});

t.test('an atomic push lands all or nothing', async (t) => {
  const target = await definition('Whole');
  const before = await stateOf(target);
  await commit(target.clone, 'Change', { [source('Whole')]: measurement('Whole', 3) });
  const { code, stderr } = await push(target.clone, '--atomic', 'HEAD:main', 'HEAD:refs/for/wip');
  t.not(code, 0);
  t.match(stderr, /atomic/);
  t.same(await stateOf(target), before);
});

t.test('a push with a merge commit is refused, and following the advice lands it', async (t) => {
  const target = await definition('Diverged');
  await lab.ada.client.definitions.change(target.id, { files: { 'notes.txt': 'From afar\n' } });
  const before = await stateOf(target);
  await commit(target.clone, 'Mine', { [source('Diverged')]: measurement('Diverged', 3) });
  await git(['pull', '-q', '--no-rebase', '--no-edit'], { cwd: target.clone });
  const refused = await push(target.clone);
  t.not(refused.code, 0);
  t.match(refused.stderr, /remote: .*git pull --rebase && git push/);
  t.match(refused.stderr, /\(merge commit\)/);
  t.same(await stateOf(target), before);

  await git(['pull', '-q', '--rebase'], { cwd: target.clone });
  const landed = await push(target.clone);
  t.equal(landed.code, 0, landed.stderr);
  t.match(await lab.ada.client.definitions.read(target.id), {
    version: 4,
    files: { 'notes.txt': 'From afar\n' },
    source_code: /3\.0/,
  });
});

t.test(
  'of two concurrent pushes one lands; the other lands after pull --rebase as advised',
  async (t) => {
    const target = await definition('Raced');
    const pair = [target.clone, await cloneOf('Raced', lab.admin.token)];
    for (const [i, clone] of pair.entries()) {
      await commit(clone, `Change ${i}`, { [`notes${i}.txt`]: 'x\n' });
    }
    const outcomes = await Promise.all(pair.map((clone) => push(clone)));
    t.same(outcomes.map(({ code }) => code === 0).sort(), [false, true]);
    const loser = outcomes[0]?.code === 0 ? 1 : 0;
    const cwd = pair[loser] as string;
    t.match(outcomes[loser]?.stderr, /git pull/);
    t.match(await lab.ada.client.definitions.read(target.id), { version: 3 });

    await git(['pull', '-q', '--rebase'], { cwd });
    const again = await push(cwd);
    t.equal(again.code, 0, again.stderr);
    t.match(await lab.ada.client.definitions.read(target.id), {
      version: 4,
      files: { 'notes0.txt': 'x\n', 'notes1.txt': 'x\n' },
    });
  },
);

/** The request of a `git push` of the clone's HEAD. The pushing git knows no commit of `main` after `from`. */
async function request(cwd: string, from: string) {
  const to = (await git(['rev-parse', 'HEAD'], { cwd })).trim();
  const objects = await git(['rev-list', '--objects', to, `^${from}`], { cwd });
  const pack = await packOf(
    cwd,
    objects
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 40)),
  );
  return { to, body: pushBody([{ ref: 'refs/heads/main', from, to }], pack) };
}

const authorization = (token: string) => `Basic ${Buffer.from(`git:${token}`).toString('base64')}`;

t.test('a push that began before another landed is told to pull --rebase', async (t) => {
  const target = await definition('Stale');
  const from = (await git(['rev-parse', 'HEAD'], { cwd: target.clone })).trim();
  await commit(target.clone, 'Mine', { 'mine.txt': 'x\n' });
  const { body } = await request(target.clone, from);
  await lab.ada.client.definitions.change(target.id, { category: 'Faster' });
  const before = await stateOf(target);
  const answer = await post(lab.gitUrl('Stale'), 'git-receive-pack', body, {
    authorization: authorization(lab.ada.token),
  });
  const { refs, messages } = readPushAnswer(answer.bytes);
  t.match(refs, [{ ok: false, reason: /fetch first/ }]);
  t.match(messages, /git pull --rebase/);
  t.same(await stateOf(target), before);
});

t.test('a body may be gzipped and chunked', async (t) => {
  const target = await definition('Encoded');
  const from = (await git(['rev-parse', 'HEAD'], { cwd: target.clone })).trim();
  await commit(target.clone, 'Zip', { 'zip.txt': 'x\n' });
  const { to, body } = await request(target.clone, from);
  const answer = await post(lab.gitUrl('Encoded'), 'git-receive-pack', gzipSync(body), {
    authorization: authorization(lab.ada.token),
    'content-encoding': 'gzip',
  });
  t.match(readPushAnswer(answer.bytes), { unpackError: null, refs: [{ ok: true }] });
  t.match(await lab.ada.client.definitions.read(target.id), { version: 3, head: to });

  await git(['pull', '-q'], { cwd: target.clone });
  await commit(target.clone, 'Chunks', randomFiles(8));
  await git(['config', 'http.postBuffer', '65536'], { cwd: target.clone });
  const { code, stderr } = await push(target.clone);
  t.equal(code, 0, stderr);
  t.match(await lab.ada.client.definitions.read(target.id), { version: 4 });
});

t.test('isomorphic-git clones, pushes and reports a refusal', async (t) => {
  const { id, name } = await definition('Iso');
  const dir = join(clones, 'iso');
  const url = lab.gitUrl(name);
  const onAuth = () => ({ username: 'git', password: lab.ada.token });
  await isomorphic.clone({ fs, http, dir, url, onAuth });
  const save = async (text: string) => {
    await writeFile(join(dir, source(name)), text);
    await isomorphic.add({ fs, dir, filepath: source(name) });
    await isomorphic.commit({
      fs,
      dir,
      message: 'Three',
      author: { name: 'Iso', email: 'iso@example.org' },
    });
  };
  await save(measurement(name, 3));
  t.match(await isomorphic.push({ fs, http, dir, url, onAuth, ref: 'main' }), { ok: true });
  t.match(await lab.ada.client.definitions.read(id), { version: 3, source_code: /3\.0/ });
  await save('class (\n');
  await t.rejects(
    isomorphic.push({ fs, http, dir, url, onAuth, ref: 'main' }),
    /invalid definition/,
  );
  t.match(await lab.ada.client.definitions.read(id), { version: 3 });
});

t.test('dulwich clones, pushes and reports a refusal', async (t) => {
  const { id, name } = await definition('Dul');
  const script = `
import os, sys
from dulwich import porcelain
url, folder, token, source = sys.argv[1:5]
auth = {"username": "git", "password": token}
work = porcelain.clone(url, folder, **auth)
def save(text):
    with open(os.path.join(folder, "Dul.py"), "w") as file:
        file.write(text)
    porcelain.add(work, [os.path.join(folder, "Dul.py")])
    porcelain.commit(work, b"Three", author=b"D <d@example.org>", committer=b"D <d@example.org>")
save(source)
porcelain.push(work, url, "HEAD:refs/heads/main", **auth)
save("class (\\n")
porcelain.push(work, url, "HEAD:refs/heads/main", **auth)
`;
  const folder = join(clones, 'dul');
  await mkdir(folder);
  const python = await pythonWith(['dulwich==1.2.21']);
  const args = ['-c', script, lab.gitUrl(name), folder, lab.ada.token, measurement(name, 3)];
  const { stderr } = await promisify(execFile)(python, args);
  t.match(stderr, /invalid definition/);
  t.match(await lab.ada.client.definitions.read(id), { version: 3, source_code: /3\.0/ });
});

t.test('a file that takes too long to read is refused with instructions', async (t) => {
  const made = await definition('Endless');
  const hasty = new AnalysisPool({ deadline: 20 });
  const { analysis } = lab.deps;
  analysis.ask = (...asked) => hasty.ask(...asked);
  t.teardown(async () => {
    Reflect.deleteProperty(analysis, 'ask');
    await hasty.close();
  });
  await commit(made.clone, 'Go on', { 'Endless.py': measurement('Endless', 3) });
  const before = await stateOf(made);
  const { code, stderr } = await push(made.clone);
  t.not(code, 0);
  t.match(stderr, /^remote: .* more than 0.02 s of computing. Make it simpler/m);
  t.match(stderr, /cannot be read/);
  t.same(await stateOf(made), before);
});
