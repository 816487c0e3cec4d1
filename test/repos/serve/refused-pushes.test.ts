import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { Repository } from '../../../repos/types.ts';
import { idOf, packFrom, whole } from './pack-writer.ts';
import { packOf, post, pushBody, rawCommit, rawTree, readPushAnswer, writeObject } from './raw.ts';
import { openGate, startServer, type TestServer } from './server.ts';

t.setTimeout(120_000);
const MAIN = 'refs/heads/main';
let server: TestServer;
let repository: Repository;
let url: string;
/** A working copy whose only commit is the repository's `main`. */
let cwd: string;
let main: string;
let blob: string;

t.before(async () => {
  server = await startServer();
  repository = await server.repositories.create('Target');
  url = `${server.url}/Target.git`;
  cwd = await server.workingCopy('Target');
  blob = await writeObject(cwd, 'blob', 'hello\n');
  const tree = await writeObject(cwd, 'tree', rawTree([['100644', 'a.py', blob]]));
  main = await writeObject(cwd, 'commit', rawCommit(tree));
  await server.client(['push', '-q', 'origin', `${main}:${MAIN}`], { cwd });
  server.rules.limits = { packBytes: 8 * 1024 * 1024, fileBytes: 100_000 };
});
t.teardown(() => server[Symbol.asyncDispose]());

/** Asserts that a refused push leaves no ref, object or file behind. */
async function nothingChanged(t: Test) {
  t.equal([...(await repository.refs())].length, 1, 'no ref was created');
  t.equal(await repository.head(), main, 'main is unchanged');
  t.same(await server.leftovers(), [], 'the workshop is empty');
  t.same(await repository.fsck(), [], 'fsck finds nothing');
  const objects = ['cat-file', '--batch-all-objects', '--batch-check'];
  const { stdout } = await server.git.run({ args: objects, cwd: repository.path });
  t.equal(stdout.toString().trim().split('\n').length, 3, 'no object was kept');
  const packs = await readdir(join(repository.path, 'objects/pack'));
  t.notOk(
    packs.some((name) => name.startsWith('tmp_')),
    'no temporary pack',
  );
  t.same(server.failures, []);
}

const create = (to: string, ref = 'refs/heads/x') => [{ ref, from: null, to }];

/** Pushes a commit of this tree, with its objects. */
async function pushTree(tree: Buffer | string, others: string[] = []) {
  const treeId = typeof tree === 'string' ? tree : await writeObject(cwd, 'tree', tree);
  const commit = await writeObject(cwd, 'commit', rawCommit(treeId, main));
  const pack = await packOf(cwd, [commit, treeId, ...others]);
  return readPushAnswer(
    (await post(url, 'git-receive-pack', pushBody(create(commit), pack))).bytes,
  );
}

const BAD_TREES: Record<string, [() => Buffer, RegExp]> = {
  'a symlink': [() => rawTree([['120000', 'link', blob]]), /symlink not allowed: link/],
  'a submodule': [() => rawTree([['160000', 'sub', main]]), /submodule not allowed: sub/],
  'a .git entry': [() => rawTree([['100644', '.git', blob]]), /hasDotgit/],
  'a .GIT entry': [() => rawTree([['100644', '.GIT', blob]]), /hasDotgit/],
  'a git~1 entry': [() => rawTree([['100644', 'git~1', blob]]), /hasDotgit/],
  'an entry ..': [() => rawTree([['100644', '..', blob]]), /hasDotdot/],
  'a path in a name': [() => rawTree([['100644', 'a/b', blob]]), /fullPathname/],
  'entries out of order': [
    () =>
      rawTree([
        ['100644', 'b', blob],
        ['100644', 'a', blob],
      ]),
    /treeNotSorted/,
  ],
  'an entry twice': [
    () =>
      rawTree([
        ['100644', 'a', blob],
        ['100644', 'a', blob],
      ]),
    /duplicateEntries/,
  ],
  'a zero-padded mode': [() => rawTree([['0100644', 'a', blob]]), /zeroPaddedFilemode/],
  'a mode that git does not know': [
    () => rawTree([['100666', 'a', blob]]),
    /mode 100666 not allowed/,
  ],
};

for (const [what, [tree, complaint]] of Object.entries(BAD_TREES)) {
  t.test(`a push with ${what} is refused with a message`, async (t) => {
    const { refs, unpackError, messages } = await pushTree(tree());
    t.match(refs, [{ ok: false }]);
    t.match(`${unpackError}\n${messages}\n${JSON.stringify(refs)}`, complaint);
    await nothingChanged(t);
  });
}

t.test('a broken commit is refused', async (t) => {
  const tree = await writeObject(cwd, 'tree', rawTree([['100644', 'a.py', blob]]));
  const commit = await writeObject(cwd, 'commit', `tree ${tree}\nauthor nobody\n\nx\n`);
  const body = pushBody(create(commit), await packOf(cwd, [commit]));
  const { unpackError } = readPushAnswer((await post(url, 'git-receive-pack', body)).bytes);
  t.match(unpackError, /fsck error/);
  await nothingChanged(t);
});

t.test('a push with a missing object is refused', async (t) => {
  const lost = await writeObject(cwd, 'blob', 'never sent\n');
  const { refs } = await pushTree(rawTree([['100644', 'lost.py', lost]]));
  t.match(refs, [{ ok: false }]);
  await nothingChanged(t);
  const body = pushBody(create(lost), await packOf(cwd, []));
  const { refs: absent } = readPushAnswer((await post(url, 'git-receive-pack', body)).bytes);
  t.match(absent, [{ ok: false, reason: 'missing necessary objects' }]);
  await nothingChanged(t);
});

t.test('a file over the limit is refused, naming it', async (t) => {
  const large = await writeObject(cwd, 'blob', Buffer.alloc(100_001, 'x'));
  const { refs } = await pushTree(rawTree([['100644', 'large.py', large]]), [large]);
  t.match(refs, [{ ok: false, reason: /file too large: large\.py \(100001 bytes/ }]);
  await nothingChanged(t);
});

t.test('the limits of small pushes also apply to large pushes, which stay packed', async (t) => {
  const others: string[] = [];
  for (let i = 0; i < 40; i++) others.push(await writeObject(cwd, 'blob', `other ${i}\n`));
  const large = await writeObject(cwd, 'blob', Buffer.alloc(100_001, 'y'));
  const lost = await writeObject(cwd, 'blob', 'never sent either\n');
  const REFUSED: [Buffer, string[], RegExp][] = [
    [rawTree([['100644', 'large.py', large]]), [large], /file too large: large\.py \(100001 bytes/],
    [rawTree([['120000', 'link', blob]]), [], /symlink not allowed: link/],
    [rawTree([['100644', 'lost.py', lost]]), [], /unpacking failed|missing necessary objects/],
  ];
  for (const [tree, more, complaint] of REFUSED) {
    const { refs, unpackError, messages } = await pushTree(tree, [...others, ...more]);
    t.match(refs, [{ ok: false }]);
    t.match(`${unpackError}\n${messages}\n${JSON.stringify(refs)}`, complaint);
    await nothingChanged(t);
  }
});

t.test('a tree bomb is refused without walking it', async (t) => {
  // Seven levels of folders. Each level has ten names for the level below, so about three kilobytes contain ten million
  // files.
  const levels = [blob];
  for (let depth = 0; depth < 7; depth += 1) {
    const mode = depth === 0 ? '100644' : '40000';
    const ten = Array.from({ length: 10 }, (_, i): [string, string, string] => [
      mode,
      `${i}`,
      levels[depth] as string,
    ]);
    levels.push(await writeObject(cwd, 'tree', rawTree(ten)));
  }
  const begun = performance.now();
  const { refs, messages } = await pushTree(levels[7] as string, levels.slice(1, 7));
  t.match(refs, [{ ok: false, reason: /2000 files and folders/ }]);
  t.match(messages, /a version can have at most 2000 files and folders/);
  t.ok(performance.now() - begun < 10_000, 'at once');
  await nothingChanged(t);
});

t.test('empty folders, and folders too deep or wide for a version, are refused', async (t) => {
  const empty = await writeObject(cwd, 'tree', '');
  const treeOf = (mode: string, count: number, oid: string) =>
    rawTree(Array.from({ length: count }, (_, i) => [mode, `${i}`.padStart(100, '0'), oid]));
  const wide = await pushTree(treeOf('40000', 2001, empty), [empty]);
  t.match(wide.refs, [{ ok: false, reason: /object too large|2000 files and folders/ }]);
  const chain = [empty];
  for (let depth = 0; depth < 150; depth += 1)
    chain.push(await writeObject(cwd, 'tree', rawTree([['40000', 'd', chain[depth] as string]])));
  const deep = await pushTree(chain.pop() as string, chain);
  t.match(deep.refs, [{ ok: false, reason: /2000 files and folders/ }]);
  await nothingChanged(t);
});

t.test('a blob that would inflate to 64 MiB is refused before it is inflated', async (t) => {
  const bomb = await writeObject(cwd, 'blob', Buffer.alloc(64 * 1024 * 1024));
  const { unpackError } = await pushTree(rawTree([['100644', 'bomb', bomb]]), [bomb]);
  t.equal(unpackError, 'object too large');
  await nothingChanged(t);
});

t.test('a pack over the limit is refused, and the client sees why', async (t) => {
  server.rules.limits = { packBytes: 200_000, fileBytes: 100_000 };
  const work = await server.workingCopy('Target');
  for (let i = 0; i < 6; i += 1) {
    const oid = await writeObject(work, 'blob', randomBytes(90_000));
    await server.client(['update-index', '--add', '--cacheinfo', `100644,${oid},f${i}`], {
      cwd: work,
    });
  }
  await server.client(['commit', '-q', '-m', 'large'], { cwd: work });
  for (const buffer of ['65536', '100000000']) {
    const args = ['-c', `http.postBuffer=${buffer}`, 'push', 'origin', 'HEAD:refs/heads/big'];
    await t.rejects(
      server.client(args, { cwd: work }),
      /Push fewer commits at once[\s\S]*pack too large/,
    );
  }
  server.rules.limits = { packBytes: 8 * 1024 * 1024, fileBytes: 100_000 };
  await nothingChanged(t);
});

t.test('invalid ref names are refused', async (t) => {
  const pack = await packOf(cwd, []);
  const names = [
    'refs/heads/a..b',
    'refs/heads/a.lock',
    'refs/heads/.a',
    'refs/x',
    'HEAD',
    'main',
    'refs/heads/a b',
    'refs/heads/../../config',
    'refs/registry/state',
    'refs/heads/a/',
  ];
  for (const name of names) {
    const { bytes } = await post(url, 'git-receive-pack', pushBody(create(main, name), pack));
    t.match(bytes.toString(), /ng .*(funny refname|reserves this name)/, name);
  }
  await nothingChanged(t);
});

t.test('a problem with one ref refuses that ref, and with --atomic all of them', async (t) => {
  const stale = { ref: MAIN, from: blob, to: main };
  const missing = { ref: 'refs/heads/none', from: null, to: null };
  const fresh = { ref: 'refs/heads/fresh', from: null, to: main };
  const body = pushBody([stale, missing, fresh], await packOf(cwd, []), ['atomic']);
  const { refs } = readPushAnswer((await post(url, 'git-receive-pack', body)).bytes);
  t.match(refs, [
    { ok: false, reason: /fetch first/ },
    { ok: false, reason: 'no such ref' },
    { ok: false, reason: 'atomic push failure' },
  ]);
  await nothingChanged(t);
});

t.test('a refusal by the gate leaves nothing behind, and its message arrives', async (t) => {
  const { gate } = server.rules;
  t.teardown(() => {
    server.rules.gate = gate;
  });
  const commit = await writeObject(
    cwd,
    'commit',
    rawCommit(await writeObject(cwd, 'tree', ''), main),
  );
  const args = ['push', 'origin', `${commit}:refs/heads/gated`];
  server.rules.gate = (repository) => ({
    ...openGate(repository),
    admit: async ([command]) => [
      { ref: command?.ref ?? '', reason: 'not you', lines: ['Ask them.'] },
    ],
    receive: async () => {
      throw new Error('must not be asked');
    },
  });
  await t.rejects(server.client(args, { cwd }), /remote: Ask them\.[\s\S]*\(not you\)/);
  server.rules.gate = (repository) => ({
    ...openGate(repository),
    async receive({ commands, say, objects }) {
      t.equal((await objects.readCommit(commit)).parents[0], main);
      say('Line 3 is wrong.');
      return commands.map(({ ref }) => ({ ref, ok: false, reason: 'not valid' }));
    },
  });
  await t.rejects(server.client(args, { cwd }), /remote: Line 3 is wrong\.[\s\S]*\(not valid\)/);
  await nothingChanged(t);
});

t.test('broken packs and broken requests are refused', async (t) => {
  const tree = await writeObject(cwd, 'tree', rawTree([['100644', 'b.py', blob]]));
  const commit = await writeObject(cwd, 'commit', rawCommit(tree, main));
  const pack = await packOf(cwd, [commit, tree]);
  const whole = pushBody(create(commit), pack);
  const unpack = async (body: Buffer) =>
    readPushAnswer((await post(url, 'git-receive-pack', body)).bytes).unpackError;
  t.match(await unpack(whole.subarray(0, -30)), /unpacking failed/, 'truncated');
  t.match(await unpack(pushBody(create(commit), Buffer.alloc(0))), /unpacking failed/, 'no pack');
  t.match(
    await unpack(pushBody(create(commit), randomBytes(5000))),
    /unpacking failed|too many objects/,
    'garbage',
  );
  const flipped = Buffer.from(whole);
  flipped[whole.length - 25] = (flipped[whole.length - 25] ?? 0) ^ 0xff;
  t.match(await unpack(flipped), /unpacking failed/, 'a flipped bit');
  const many = Buffer.from('PACK\0\0\0\x02\x7f\xff\xff\xff', 'latin1');
  t.equal(await unpack(pushBody(create(commit), many)), 'too many objects');

  const status = async (body: Buffer, headers = {}) =>
    (await post(url, 'git-receive-pack', body, headers)).status;
  t.equal(await status(Buffer.from('zzzzgarbage')), 400);
  t.equal(await status(Buffer.from('0003')), 400);
  t.equal(await status(whole.subarray(0, 40)), 400);
  t.equal(await status(Buffer.from('001epush-cert\0push-options \n0000')), 400);
  t.equal(await status(whole, { 'content-type': 'application/json' }), 415);
  t.equal(await status(whole, { 'content-encoding': 'br' }), 415);
  t.equal(await status(gzipSync(whole).subarray(0, -20), { 'content-encoding': 'gzip' }), 400);
  t.equal(await status(whole, { 'content-encoding': 'gzip' }), 400);
  t.equal(await status(Buffer.from('0000')), 200);
  t.equal(await status(Buffer.alloc(0)), 400);
  t.equal(await status(gzipSync(''), { 'content-encoding': 'gzip' }), 400);
  await nothingChanged(t);
});

t.test('a gzip bomb is cut off at the limit of packs', async (t) => {
  const bomb = gzipSync(
    Buffer.concat([pushBody(create(main), Buffer.from('PACK')), Buffer.alloc(100_000_000)]),
  );
  const { bytes } = await post(url, 'git-receive-pack', bomb, { 'content-encoding': 'gzip' });
  t.match(readPushAnswer(bytes).unpackError, /unpacking failed|too large/);
  await nothingChanged(t);
});

/*
 * Git accepts a push from a shallow clone if the server has the commits that the clone lacks. Git refuses the push if
 * the history would be incomplete. Oracle: git's answer to the same push.
 */
t.test('a push from a shallow clone is accepted if the server has the rest', async (t) => {
  const pushOnto = async (parent: string) => {
    const tree = await writeObject(cwd, 'tree', rawTree([['100644', 'b.py', blob]]));
    const commit = await writeObject(cwd, 'commit', rawCommit(tree, parent));
    const body = Buffer.concat([
      Buffer.from(`0035shallow ${parent}\n`),
      pushBody(create(commit, 'refs/heads/shallow'), await packOf(cwd, [commit, tree])),
    ]);
    return { commit, ...readPushAnswer((await post(url, 'git-receive-pack', body)).bytes) };
  };
  const cut = await writeObject(cwd, 'commit', rawCommit('0'.repeat(40), '1'.repeat(40)));
  const { refs, messages } = await pushOnto(cut);
  t.match(refs, [{ ok: false, reason: 'shallow update not allowed' }]);
  t.match(messages, /git fetch --unshallow/);
  await nothingChanged(t);

  const work = await server.workingCopy('Target');
  await server.client(['fetch', '-q', '--depth=1', 'origin', 'main'], { cwd: work });
  await server.client(['checkout', '-q', '-b', 'mine', 'FETCH_HEAD'], { cwd: work });
  await server.client(['commit', '-q', '--allow-empty', '-m', 'on top'], { cwd: work });
  const other = await server.repositories.create('Copy');
  await server.client(['push', '-q', `${server.url}/Copy.git`, `${main}:${MAIN}`], { cwd });
  await server.client(['push', `${server.url}/Copy.git`, 'HEAD:refs/heads/mine'], { cwd: work });
  t.ok((await other.refs()).has('refs/heads/mine'));
  t.same(await other.fsck(), []);
});

/*
 * Git stores names as bytes. The flaw: a name that is not UTF-8 ended in a 500, and git printed "Everything
 * up-to-date". Verified: the report refuses each such file by its name, for small and large pushes.
 */
const NAMES = ['caf\xe9.csv', '\xff', 'a\xc3', '\xed\xa0\x80.py', '\xc0\xae'];

t.test('file names that are not UTF-8 are refused, naming them', async (t) => {
  const padding: string[] = [];
  for (let i = 0; i < 40; i++) padding.push(await writeObject(cwd, 'blob', `padding ${i}\n`));
  for (const others of [[], padding]) {
    // Other code checks large pushes, and one bad file name is enough to test it.
    for (const name of others.length > 0 ? NAMES.slice(0, 1) : NAMES) {
      const tree = Buffer.concat([
        Buffer.from(`100644 ${name}\0`, 'latin1'),
        Buffer.from(blob, 'hex'),
      ]);
      const { refs, messages } = await pushTree(tree, others);
      t.match(refs, [{ ok: false, reason: /the file name is not UTF-8: .*\\[0-7]{3}/ }]);
      t.match(messages, /not UTF-8/);
    }
  }
  const command = (name: string) => {
    const line = `${'0'.repeat(40)} ${main} ${name}\0report-status side-band-64k`;
    return `${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`;
  };
  for (const name of ['refs/heads/caf\xe9', 'refs/tags/\xff', 'refs/heads/\xed\xa0\x80']) {
    const body = Buffer.concat([Buffer.from(command(name), 'latin1'), await packOf(cwd, [])]);
    const { status, bytes } = await post(url, 'git-receive-pack', body);
    t.equal(status, 200);
    t.ok(
      bytes.includes(Buffer.from(`ng ${name} the name is not UTF-8`, 'latin1')),
      'as it was sent',
    );
  }
  await nothingChanged(t);
});

for (const [what, files, length] of [
  ['a small push', 1, 1000],
  ['a push that git reads', 40, 1000],
  ['a large push', 1, 90_000],
] as const) {
  t.test(`${what} that is interrupted leaves nothing behind`, async (t) => {
    const blobs = await Promise.all(
      Array.from({ length: files }, () => writeObject(cwd, 'blob', randomBytes(length))),
    );
    const entries = blobs.map((oid, n): [string, string, string] => ['100644', `f${100 + n}`, oid]);
    const tree = await writeObject(cwd, 'tree', rawTree(entries));
    const commit = await writeObject(cwd, 'commit', rawCommit(tree, main));
    const body = pushBody(create(commit), await packOf(cwd, [commit, tree, ...blobs]));
    const headers = { 'content-type': 'application/x-git-receive-pack-request' };
    const half = request(`${url}/git-receive-pack`, { method: 'POST', headers });
    half.on('error', () => undefined);
    const failed = server.nextFailure();
    const sent = new Promise((resolve) => half.write(body.subarray(0, body.length / 2), resolve));
    if (files > 1) await server.untilLeftovers((paths) => paths.length > 0);
    await sent;
    half.destroy();
    await failed;
    await server.untilLeftovers((paths) => paths.length === 0);
    server.failures.length = 0;
    await nothingChanged(t);
  });
}

/** The flaw: the registry accepted such packs, and kept large ones as they were. Git refuses them (receive.fsckObjects). */
t.test('a pack with an object twice is refused', async (t) => {
  for (const files of [1, 40]) {
    const blobs = Array.from({ length: files }, (_, n) => whole('blob', `twice ${n}\n`));
    const names = blobs.map((one, n): [string, string, string] => [
      '100644',
      `${String(n).padStart(2, '0')}.py`,
      idOf(one),
    ]);
    const tree = whole('tree', rawTree(names));
    const commit = whole('commit', rawCommit(idOf(tree), main));
    const pack = packFrom([commit, tree, ...blobs, ...blobs.slice(0, 1)]);
    const { bytes } = await post(url, 'git-receive-pack', pushBody(create(idOf(commit)), pack));
    const { unpackError, messages } = readPushAnswer(bytes);
    t.equal(unpackError, 'broken pack');
    t.match(messages, /contains the object [0-9a-f]{40} twice/);
    await nothingChanged(t);
  }
});

t.test('one of several concurrent pushes to a ref wins, and the others get an error', async (t) => {
  const contended = await server.repositories.create('Contended');
  const copies = await Promise.all(
    Array.from({ length: 5 }, () => server.workingCopy('Contended')),
  );
  const pushes = copies.map(async (path, i) => {
    await server.client(['commit', '-q', '--allow-empty', '-m', `${i}`], { cwd: path });
    return server.client(['push', 'origin', 'main'], { cwd: path });
  });
  const results = await Promise.allSettled(pushes);
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  t.equal((await contended.refs()).size, 1);
  t.same(await server.leftovers(), []);
  t.same(await contended.fsck(), []);
});
