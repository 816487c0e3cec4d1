/**
 * Compares packs that the registry's own process judges with `git index-pack`. git must accept every pack that this
 * process accepts, and find the same objects in it. The packs that are left to git are listed by name, so the test
 * notices if there are more.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readPack } from '../../../repos/serve/unpack.ts';
import { git } from '../../helpers/git.ts';
import {
  appending,
  idOf,
  type PackEntry,
  packFrom,
  sealed,
  type Whole,
  whole,
} from './pack-writer.ts';
import { gitBytes, rawCommit, rawTree } from './raw.ts';

const LIMITS = { packBytes: 64 * 1024 * 1024, fileBytes: 1024 * 1024 };
/** Pushes arrive in chunks of any size. */
const CHUNK = 1000;

const folder = await mkdtemp(join(tmpdir(), 'small-packs-'));
t.teardown(() => rm(folder, { recursive: true, force: true }));
t.setTimeout(300_000);

/** The ids of the objects of a pack that this process judges; undefined if git must judge it. */
async function judgedHere(pack: Buffer): Promise<string[] | undefined> {
  async function* chunks() {
    for (let at = 0; at < pack.length; at += CHUNK) yield pack.subarray(at, at + CHUNK);
  }
  const incoming = await readPack(chunks(), LIMITS);
  return 'objects' in incoming ? [...incoming.objects.keys()].sort() : undefined;
}

let repositories = 0;

/** The ids of the objects if git accepts the pack, otherwise undefined. Links are checked if `isClosed`. */
async function judgedByGit(pack: Buffer, isClosed: boolean): Promise<string[] | undefined> {
  repositories += 1;
  const repository = join(folder, `${repositories}.git`);
  await git(['init', '-q', '--bare', repository]);
  const strict = isClosed ? ['--strict'] : [];
  try {
    await gitBytes(repository, ['index-pack', '--stdin', ...strict, '--fsck-objects'], pack);
  } catch {
    return undefined;
  }
  const format = '--batch-check=%(objectname)';
  const listed = await git(['cat-file', '--batch-all-objects', format], { cwd: repository });
  await rm(repository, { recursive: true });
  return listed.split('\n').filter(Boolean).sort();
}

const TEXT = 'class SR830:\n    pass  # Büro\n';
const file = whole('blob', TEXT);
const FILE = idOf(file);
const treeOf = (...entries: [mode: string, name: string, oid?: string][]) =>
  whole('tree', rawTree(entries.map(([mode, name, oid = FILE]) => [mode, name, oid])));
const usual = treeOf(['100644', 'SR830.py']);
const commitOf = (lines = '', tree = idOf(usual)) =>
  whole('commit', rawCommit(tree, undefined, lines));
const commitWith = (from: string | RegExp, to: string) =>
  whole('commit', commitOf().bytes.toString().replace(from, to));
const large = 'x = 1\n'.repeat(4000);
const random = (length: number) => {
  const parts = [];
  for (let n = 0; 20 * n < length; n += 1) parts.push(createHash('sha1').update(`${n}`).digest());
  return Buffer.concat(parts).subarray(0, length);
};

/** Packs that a push usually sends, and rare ones. `here` is true if this process judges the pack. */
const PACKS: Record<string, { here: boolean; isClosed?: boolean; pack: Buffer }> = {};
function add(
  name: string,
  here: boolean,
  entries: PackEntry[],
  flaws = {},
  isClosed = false,
): void {
  PACKS[name] = { here, isClosed, pack: packFrom(entries, flaws) };
}

add('nothing', true, []);
add('a commit with its files', true, [commitOf(), usual, file], {}, true);
add('the same, not compressed', true, [commitOf(), usual, file], { level: 0 }, true);
add('a file', true, [file]);
add('an empty file', true, [whole('blob', '')]);
add('a large text', true, [whole('blob', large)]);
add('a text of more than a mebibyte', false, [whole('blob', large.repeat(50))]);
add('random bytes', false, [whole('blob', random(2000))]);
add('a file with a NUL', false, [whole('blob', 'a\0b')]);
add('a file that is not UTF-8', false, [whole('blob', Buffer.from([0x61, 0xe9, 0x62]))]);
add(
  'thirty-three files',
  false,
  Array.from({ length: 33 }, (_, n) => whole('blob', `${n}`)),
);
add(
  'thirty-two files',
  true,
  Array.from({ length: 32 }, (_, n) => whole('blob', `${n}`)),
);
add('an object twice', false, [file, file]);
add('a delta by offset', true, [
  file,
  { base: 0, by: 'offset', delta: appending(file.bytes, 'y') },
]);
add('a delta by id', true, [file, { base: 0, by: 'id', delta: appending(file.bytes, 'y') }]);
const one = { base: 0, by: 'offset', delta: appending(file.bytes, 'y') } as const;
const chained = Buffer.concat([file.bytes, Buffer.from('y')]);
const two = { base: 1, by: 'offset', delta: appending(chained, 'z') } as const;
add('a chain of deltas', true, [file, one, two]);
add('a delta against a distant base', true, [
  file,
  whole('blob', random(3000).toString('hex')),
  whole('blob', random(9000).toString('hex')),
  { base: 0, by: 'offset', delta: appending(file.bytes, 'y') },
]);
add('a delta that is too short for git', false, [
  file,
  { base: 0, by: 'offset', delta: Buffer.from([file.bytes.length, 0]) },
]);
add('a delta of another length', false, [
  file,
  { base: 0, by: 'offset', delta: appending(file.bytes.subarray(1), 'y') },
]);
add('a delta that ends early', false, [
  file,
  { base: 0, by: 'offset', delta: appending(file.bytes, 'yy').subarray(0, -1) },
]);
add('a delta with a reserved command', false, [
  file,
  { base: 0, by: 'id', delta: Buffer.from([file.bytes.length, 1, 0]) },
]);
add('a delta that copies beyond its base', false, [
  file,
  { base: 0, by: 'id', delta: Buffer.from([file.bytes.length, 9, 0x91, 200, 9]) },
]);
const [absent] = packEntriesWithout(file);
PACKS['a delta without its base'] = { here: false, pack: absent };
add('too few objects', false, [file], { count: 2 });
add('too many objects', false, [file, usual], { count: 1 });
add('version 3', false, [file], { version: 3 });
add('version 4', false, [file], { version: 4 });
add('a size that is too large', false, [file], { size: file.bytes.length + 1 });
add('a size that is too small', false, [file], { size: file.bytes.length - 1 });
add('bytes after the objects', false, [file], { after: Buffer.from('more') });
add('an annotated tag', false, [
  whole('tag', `object ${FILE}\ntype blob\ntag v1\ntagger A <a@b> 1 +0000\n\nx\n`),
]);

/** A pack with a delta that names its base by id. The pack does not contain the base. */
function packEntriesWithout(base: Whole): [Buffer] {
  const delta = appending(base.bytes, 'y');
  const both = packFrom([base, { base: 0, by: 'id', delta }]);
  const first = packFrom([base]);
  const rest = both.subarray(first.length - 20, -20);
  return [sealed(Buffer.concat([Buffer.from('PACK\0\0\0\x02\0\0\0\x01', 'latin1'), rest]))];
}

const COMMITS: [name: string, here: boolean, commit: Whole][] = [
  ['with a parent', true, whole('commit', rawCommit(idOf(usual), '1'.repeat(40)))],
  ['with an encoding', true, commitOf('encoding ISO-8859-1\n')],
  ['with a signature', true, commitOf('gpgsig -----BEGIN\n more\n -----END\n')],
  ['with an unknown header', false, commitOf('HG:extra x\n')],
  [
    'without a message',
    true,
    whole(
      'commit',
      commitOf()
        .bytes.toString()
        .replace(/message\n$/, ''),
    ),
  ],
  ['without an empty line', false, commitWith(/\n\nmessage\n$/, '\n')],
  ['without the last line feed', false, commitWith(/\n\nmessage\n$/, '')],
  ['without an author', false, commitWith(/author .*\n/, '')],
  ['without a committer', false, commitWith(/committer .*\n/, '')],
  ['without a tree', false, commitWith(/tree .*\n/, '')],
  ['with two authors', false, commitWith(/(author .*\n)/, '$1$1')],
  ['without a name', false, commitWith('An Author <', '<')],
  ['without a space before the address', false, commitWith('Author <', 'Author<')],
  ['without an address', false, commitWith('<author@example.org>', '')],
  ['with two addresses', false, commitWith('<author@example.org>', '<a> <b>')],
  ['with an empty address', true, commitWith('<author@example.org>', '<>')],
  ['with a date that begins with zero', false, commitWith('1700000000', '01700000000')],
  ['of the year 1970', true, commitWith('1700000000', '0')],
  ['with a huge date', false, commitWith('1700000000', '99999999999999999999')],
  ['with a negative date', false, commitWith('1700000000', '-1')],
  ['with a bad time zone', false, commitWith('+0000', '0000')],
  ['with a time zone of five digits', false, commitWith('+0000', '+00000')],
  ['with an upper-case id', false, commitWith(/tree .*/, `tree ${'A'.repeat(40)}`)],
  ['with an id of zeros', false, commitWith(/tree .*/, `tree ${'0'.repeat(40)}`)],
  ['with a short id', false, commitWith(/tree .*/, `tree ${'1'.repeat(39)}`)],
  ['with a NUL in its message', false, commitWith('message', 'mess\0age')],
  ['with a NUL in its header', false, commitWith('An Author', 'An\0Author')],
  ['that is empty', false, whole('commit', '')],
];
for (const [name, here, commit] of COMMITS) add(`a commit ${name}`, here, [commit]);

const NAMES: [name: string, here: boolean][] = [
  ['a b.py', true],
  ['.gitignore', true],
  ['.flake8', true],
  ['github.py', true],
  ['...', true],
  ['Büro.csv', false],
  ['.git', false],
  ['.GIT', false],
  ['.git ', false],
  ['.gi\u200ct', false],
  ['git~1', false],
  ['.gitmodules', false],
  ['.gitattributes', false],
  ['.gitIgnore', false],
  ['', false],
  ['.', false],
  ['..', false],
  ['a/b', false],
  ['a\\b', false],
  ['a:b', false],
  ['a\tb', false],
  ['n'.repeat(300), false],
];
for (const [name, here] of NAMES)
  add(`a file called ${JSON.stringify(name)}`, here, [treeOf(['100644', name])]);

const TREES: [name: string, here: boolean, tree: Whole][] = [
  ['without entries', true, whole('tree', '')],
  ['with a program and a folder', true, treeOf(['100755', 'a'], ['40000', 'b'], ['100644', 'c'])],
  ['in the order of folders', true, treeOf(['100644', 'a-b'], ['40000', 'a'], ['100644', 'a0'])],
  ['in the order of files', false, treeOf(['40000', 'a'], ['100644', 'a-b'])],
  ['not sorted', false, treeOf(['100644', 'b'], ['100644', 'a'])],
  ['with a name twice', false, treeOf(['100644', 'a'], ['100644', 'a'])],
  [
    'with a file and a folder of one name',
    false,
    treeOf(['100644', 'a'], ['100644', 'a-'], ['40000', 'a']),
  ],
  ['with a symbolic link', false, treeOf(['120000', 'a'])],
  ['with a submodule', false, treeOf(['160000', 'a'])],
  ['with an old mode', false, treeOf(['100664', 'a'])],
  ['with a padded mode', false, treeOf(['040000', 'a'])],
  ['with a strange mode', false, treeOf(['100600', 'a'])],
  ['with an id of zeros', false, treeOf(['100644', 'a', '0'.repeat(40)])],
  ['that ends in an id', false, whole('tree', usual.bytes.subarray(0, -1))],
  ['that ends in a name', false, whole('tree', '100644 SR830')],
  ['that ends in a mode', false, whole('tree', '1006')],
  [
    'with bytes after the last entry',
    false,
    whole('tree', Buffer.concat([usual.bytes, Buffer.from('1')])),
  ],
];
for (const [name, here, tree] of TREES) add(`a tree ${name}`, here, [tree]);

t.test('this process accepts only packs that git accepts, with the same objects', async (t) => {
  for (const [name, { here, isClosed = false, pack }] of Object.entries(PACKS)) {
    const judged = await judgedHere(pack);
    t.equal(judged !== undefined, here, `${name} ${here ? 'is' : 'is not'} judged here`);
    if (judged !== undefined) t.same(judged, await judgedByGit(pack, isClosed), name);
  }
});

/** Pseudo-random numbers that are the same in each run (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Changes a few bytes, or cuts or repeats a part of the pack. The checksum of most results is correct. */
function damaged(pack: Buffer, below: (limit: number) => number): Buffer {
  const body = Buffer.from(pack.subarray(0, -20));
  const at = below(body.length);
  const kind = below(10);
  if (kind === 0) return pack.subarray(0, at);
  if (kind === 1) return sealed(Buffer.concat([body.subarray(0, at), body.subarray(at + 1)]));
  if (kind === 2) return sealed(Buffer.concat([body.subarray(0, at), body.subarray(at >> 1)]));
  for (let n = below(3); n >= 0; n -= 1) body[below(body.length)] = below(256);
  return kind === 3 ? Buffer.concat([body, pack.subarray(-20)]) : sealed(body);
}

/** Damages the content of objects. The pack stays well formed. */
function damagedObject(object: Whole, below: (limit: number) => number): Whole {
  const bytes = Buffer.from(object.bytes);
  for (let n = below(3); n >= 0 && bytes.length > 0; n -= 1) {
    const at = below(bytes.length);
    bytes[at] = below(4) === 0 ? below(256) : (object.bytes[below(bytes.length)] as number);
  }
  return { kind: object.kind, bytes };
}

const ROUNDS = Number(process.env.SMALL_PACKS ?? 400);

t.test('git accepts every damaged pack that this process accepts', async (t) => {
  const below = randomNumbers(20261130);
  const plain = Object.values(PACKS).filter(({ here, pack }) => here && pack.length < 5000);
  const objects = [commitOf(), usual, file, ...COMMITS.map(([, , commit]) => commit)].concat(
    TREES.map(([, , tree]) => tree),
  );
  let here = 0;
  let refused = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const pack =
      round % 2 === 0
        ? damaged((plain[below(plain.length)] as { pack: Buffer }).pack, below)
        : packFrom([damagedObject(objects[below(objects.length)] as Whole, below)]);
    const judged = await judgedHere(pack);
    if (judged === undefined) refused += 1;
    else {
      here += 1;
      const asGit = await judgedByGit(pack, false);
      if (!t.same(judged, asGit, `round ${round}`)) t.comment(pack.toString('hex'));
    }
  }
  t.comment(`${here} judged here, ${refused} left to git`);
  t.ok(here > ROUNDS / 20 && refused > ROUNDS / 3, 'both happen often');
});
