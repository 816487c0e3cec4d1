/*
 * Proposals are in the same repository as the public versions. The flaw: git's own programs look up a requested object
 * among all objects of the repository, whatever the caller may see. A caller could therefore confirm a guess, for
 * example of a serial number in a known file. The attacks: a stranger sent 20,000 haves per request and read from the
 * acknowledgements which guesses were correct. A pusher named hidden objects in a tree, or as the base of a delta, and
 * then read these objects from the pushed branch.
 *
 * Verified: for everything that the protocol lets a caller name, the answer about a hidden object equals the answer
 * about a nonexistent object, byte for byte.
 */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { Repository } from '../../../repos/types.ts';
import { writeCommandRequest } from '../../../repos/wire/command-request.ts';
import { FLUSH, type Packet, textPacket, writePackets } from '../../../repos/wire/pkt-line.ts';
import { packOf, post, pushBody, rawCommit, rawTree, writeObject } from './raw.ts';
import { startServer, type TestServer } from './server.ts';

interface Objects {
  commit: string;
  tree: string;
  blob: string;
  tag: string;
}
type Kind = keyof Objects;
const KINDS: readonly Kind[] = ['commit', 'tree', 'blob', 'tag'];

t.setTimeout(120_000);
let server: TestServer;
let repository: Repository;
let url: string;
let cwd: string;
let seen: Objects;
let hidden: Objects;
/** Objects created like the hidden ones, but only in the working copy. The repository has never had these objects. */
let absent: Objects;

t.before(async () => {
  server = await startServer();
  repository = await server.repositories.create('Shared');
  url = `${server.url}/Shared.git`;
  cwd = await server.workingCopy('Shared');
  const make = async (text: string, parent?: string): Promise<Objects> => {
    const blob = await writeObject(cwd, 'blob', text);
    const tree = await writeObject(cwd, 'tree', rawTree([['100644', 'a.py', blob]]));
    const commit = await writeObject(cwd, 'commit', rawCommit(tree, parent));
    const tagger = 'An Author <author@example.org> 1700000000 +0000';
    const head = `object ${commit}\ntype commit\ntag guess\ntagger ${tagger}\n\nx\n`;
    return { commit, tree, blob, tag: await writeObject(cwd, 'tag', head) };
  };
  const first = await make('first\n');
  seen = await make('open\n', first.commit);
  hidden = await make('serial 4711\n', seen.commit);
  absent = await make('serial 4712\n', seen.commit);
  const refs = [`${seen.commit}:refs/heads/main`, `${hidden.tag}:refs/tags/guess`];
  await server.client(['push', '-q', 'origin', ...refs], { cwd });
  server.rules.visible = (ref) => ref === 'refs/heads/main';
});
t.teardown(() => server[Symbol.asyncDispose]());

/** Asserts that the answers about a hidden and an absent object differ only in the requested id. */
async function cannotTell(t: Test, row: string, ask: (oid: string, kind: Kind) => Promise<Answer>) {
  for (const kind of KINDS) {
    const about = async (oid: string) => {
      const { status, type, bytes } = await ask(oid, kind);
      return { status, type, text: bytes.toString('latin1').replaceAll(oid, '<the object>') };
    };
    t.same(await about(hidden[kind]), await about(absent[kind]), `${row}, ${kind}`);
  }
  t.same(server.failures, []);
}
type Answer = Awaited<ReturnType<typeof post>>;

const v2 = (args: string[], command = 'fetch') =>
  post(url, 'git-upload-pack', writeCommandRequest({ command, capabilities: [], args }), {
    'git-protocol': 'version=2',
  });

const v0 = (version: 0 | 1, capabilities: string, head: string[], rest: string[]) => {
  const [first, ...others] = head;
  const body: Packet[] = [textPacket(`${first} ${capabilities}`), ...others.map(textPacket), FLUSH];
  return post(url, 'git-upload-pack', writePackets([...body, ...rest.map(packet)]), {
    'git-protocol': `version=${version}`,
  });
};
const packet = (line: string): Packet => (line === FLUSH ? FLUSH : textPacket(line));

/** The objects that a fetch can name, and what git's own program would reveal. */
const FETCHES: [verb: string, tells: string, (oid: string) => Promise<Answer>][] = [
  ['want', 'sends the object', (oid) => v2([`want ${oid}`, 'done'])],
  ['have', 'ACK or NAK', (oid) => v2([`want ${seen.commit}`, `have ${oid}`])],
  [
    'have and done',
    'ACK, a smaller pack',
    (oid) => v2([`want ${seen.commit}`, `have ${oid}`, 'done']),
  ],
  [
    'have together with a known object',
    'ACK',
    (oid) => v2([`want ${seen.commit}`, `have ${seen.commit}`, `have ${oid}`]),
  ],
  ['have without want', 'ACK', (oid) => v2([`have ${oid}`, 'wait-for-done'])],
  [
    'have, waiting for done',
    'ACK',
    (oid) => v2(['wait-for-done', `want ${seen.commit}`, `have ${oid}`]),
  ],
  [
    'shallow',
    'an error if it is not a commit',
    (oid) => v2([`shallow ${oid}`, `want ${seen.commit}`, 'done']),
  ],
  [
    'shallow, deepen',
    'unshallow',
    (oid) => v2([`shallow ${oid}`, 'deepen 1', `want ${seen.commit}`, 'done']),
  ],
  [
    'shallow, deepen-relative',
    'unshallow',
    (oid) => v2([`shallow ${oid}`, 'deepen 1', 'deepen-relative', `want ${seen.commit}`, 'done']),
  ],
  [
    'shallow, deepen-since',
    'unshallow',
    (oid) => v2([`shallow ${oid}`, 'deepen-since 1', `want ${seen.commit}`, 'done']),
  ],
  [
    'deepen-not an id',
    'which refs exist',
    (oid) => v2([`deepen-not ${oid}`, `want ${seen.commit}`, 'done']),
  ],
  ['want-ref', 'which refs exist', (oid) => v2([`want-ref ${oid}`, 'done'])],
  [
    'filter sparse:oid',
    'whether it can be read',
    (oid) => v2([`filter sparse:oid=${oid}`, `want ${seen.commit}`, 'done']),
  ],
  [
    'filter combine',
    'whether it can be read',
    (oid) => v2([`filter combine:blob:none+sparse:oid=${oid}`, `want ${seen.commit}`, 'done']),
  ],
  ['object-info', 'its size', (oid) => v2(['size', `oid ${oid}`], 'object-info')],
  ['ls-refs', 'which refs exist', (oid) => v2([`ref-prefix ${oid}`], 'ls-refs')],
  ...([0, 1] as const).flatMap((version): typeof FETCHES => [
    [
      `v${version} want`,
      'sends the object',
      (oid) => v0(version, 'ofs-delta', [`want ${oid}`], ['done']),
    ],
    [
      `v${version} shallow`,
      'an error if it is not a commit',
      (oid) =>
        v0(version, 'shallow', [`want ${seen.commit}`, `shallow ${oid}`, 'deepen 1'], ['done']),
    ],
    ...['ofs-delta', 'multi_ack', 'multi_ack_detailed no-done side-band-64k'].flatMap(
      (words): typeof FETCHES => [
        [
          `v${version} have, ${words}`,
          'ACK or NAK',
          (oid) => v0(version, words, [`want ${seen.commit}`], [`have ${oid}`, FLUSH]),
        ],
        [
          `v${version} have and done, ${words}`,
          'ACK or NAK',
          (oid) => v0(version, words, [`want ${seen.commit}`], [`have ${oid}`, 'done']),
        ],
        [
          `v${version} have after a known one, ${words}`,
          'ACK ready',
          (oid) =>
            v0(
              version,
              words,
              [`want ${seen.commit}`],
              [`have ${seen.commit}`, `have ${oid}`, FLUSH, 'done'],
            ),
        ],
      ],
    ),
  ]),
];

for (const [verb, tells, ask] of FETCHES) {
  t.test(`fetch, ${verb} (git: ${tells}): hidden equals absent`, (t) => cannotTell(t, verb, ask));
}

const create = (to: string, ref = 'refs/heads/mine') => [{ ref, from: null, to }];
const push = async (commands: ReturnType<typeof create>, oids: string[]) =>
  post(url, 'git-receive-pack', pushBody(commands, await packOf(cwd, oids)));

/** A push with this many objects stays a pack, which the server inspects differently. */
let padded: Promise<string[]> | undefined;
const padding = () => {
  padded ??= Promise.all(
    Array.from({ length: 40 }, (_, n) => writeObject(cwd, 'blob', `padding ${n}\n`)),
  );
  return padded;
};

/** A pack with one object: a delta that copies its whole base. */
function thinPack(base: string, size: number): Buffer {
  const delta = Buffer.from([size, size, 0x90, size]);
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\x01', 'latin1');
  const entry = [Buffer.from([0x70 | delta.length]), Buffer.from(base, 'hex'), deflateSync(delta)];
  const body = Buffer.concat([header, ...entry]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

const naming = async (mode: string, oid: string) => {
  const tree = await writeObject(cwd, 'tree', rawTree([[mode, 'mine', oid]]));
  return { tree, commit: await writeObject(cwd, 'commit', rawCommit(tree, seen.commit)) };
};

/** The objects that a push can name, and what the pusher would gain. */
const PUSHES: [verb: string, tells: string, (oid: string) => Promise<Answer>][] = [
  [
    'the old value',
    'where a ref is',
    (oid) => push([{ ref: 'refs/heads/main', from: oid, to: seen.commit }] as never, []),
  ],
  ['the new value', 'a branch on it', (oid) => push(create(oid), [])],
  ['a tag on it', 'a tag on it', (oid) => push(create(oid, 'refs/tags/mine'), [])],
  [
    'a parent',
    'its history',
    async (oid) => {
      const commit = await writeObject(cwd, 'commit', rawCommit(seen.tree, oid));
      return push(create(commit), [commit]);
    },
  ],
  [
    'a root tree',
    'its content',
    async (oid) => {
      const commit = await writeObject(cwd, 'commit', rawCommit(oid, seen.commit));
      return push(create(commit), [commit]);
    },
  ],
  ...['100644', '40000'].flatMap((mode): typeof PUSHES => [
    [
      `an entry of mode ${mode}`,
      'its content',
      async (oid) => {
        const { tree, commit } = await naming(mode, oid);
        return push(create(commit), [tree, commit]);
      },
    ],
    [
      `an entry of mode ${mode} in a large push`,
      'its content',
      async (oid) => {
        const { tree, commit } = await naming(mode, oid);
        return push(create(commit), [tree, commit, ...(await padding())]);
      },
    ],
  ]),
  [
    'a pushed tag',
    'its content',
    async (oid) => {
      const tagger = 'An Author <author@example.org> 1700000000 +0000';
      const tag = await writeObject(
        cwd,
        'tag',
        `object ${oid}\ntype blob\ntag m\ntagger ${tagger}\n\nx\n`,
      );
      return push(create(tag, 'refs/tags/mine'), [tag]);
    },
  ],
  [
    'the base of a delta',
    'its content',
    async (oid) => post(url, 'git-receive-pack', pushBody(create(oid), thinPack(oid, 12))),
  ],
  [
    'a shallow line',
    'nothing',
    async (oid) => {
      const commit = await writeObject(cwd, 'commit', rawCommit(seen.tree, oid));
      const body = pushBody(create(commit), await packOf(cwd, [commit]));
      return post(
        url,
        'git-receive-pack',
        Buffer.concat([Buffer.from(`0035shallow ${oid}\n`), body]),
      );
    },
  ],
];

for (const [verb, tells, ask] of PUSHES) {
  t.test(`push, ${verb} (would get: ${tells}): hidden equals absent`, async (t) => {
    await cannotTell(t, verb, ask);
    t.same([...(await repository.refs()).keys()], ['refs/heads/main', 'refs/tags/guess']);
    t.same(await server.leftovers(), []);
  });
}

t.test('visible objects can be named in all these ways', async (t) => {
  t.match((await v2([`want ${seen.commit}`, `have ${seen.commit}`])).bytes.toString(), /ACK/);
  const older = (await repository.readCommit(seen.commit)).parents[0] as string;
  const haves = [`have ${older}`, `have ${absent.commit}`];
  t.match((await v2([`want ${seen.commit}`, ...haves])).bytes.toString(), RegExp(`ACK ${older}`));
  const blob = (await repository.files(older))[0]?.oid as string;
  const { tree, commit } = await naming('100644', blob);
  const { bytes } = await push(create(commit, 'refs/heads/again'), [tree, commit]);
  t.match(
    bytes.toString(),
    /ok refs\/heads\/again/,
    'a file of an older version can be used again',
  );
  await repository.updateRefs([{ ref: 'refs/heads/again', from: commit, to: null }]);
  const wrong = await naming('40000', blob);
  const answer = await push(create(wrong.commit), [wrong.tree, wrong.commit]);
  t.match(answer.bytes.toString(), /ng refs\/heads\/mine .*(a blob, not a tree)/);
});

t.test('20,000 guesses are answered quickly and reveal nothing', async (t) => {
  const guess = (n: number) => `have ${n.toString(16).padStart(40, '0')}`;
  const haves = Array.from({ length: 20_000 }, (_, n) => guess(n + 1));
  haves[10_000] = `have ${hidden.commit}`;
  const begun = performance.now();
  const { bytes } = await v2([`want ${seen.commit}`, ...haves]);
  t.ok(performance.now() - begun < 2000, `${Math.round(performance.now() - begun)} ms`);
  t.equal(bytes.toString(), '0014acknowledgments\n0008NAK\n0000');
});
