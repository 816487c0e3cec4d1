/*
 * A commit's header names the encoding of its names and message. git assumes Latin-1 if the text is valid neither in
 * that encoding nor in UTF-8. The flaw: the registry read the text as UTF-8 whatever the header said, so "Jörg" became
 * "J?rg" in a version's record. Oracle: `git log`.
 */
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { parseCommit } from '../../repos/object-text.ts';

const TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const commit = (name: Buffer, encoding?: string, seconds = '1700000000') =>
  Buffer.concat([
    Buffer.from(`tree ${TREE}\nauthor `),
    name,
    Buffer.from(
      ` <a@example.org> ${seconds} +0000\ncommitter C <c@example.org> 1700000000 +0000\n`,
    ),
    Buffer.from(encoding === undefined ? '\n' : `encoding ${encoding}\n\n`),
    name,
    Buffer.from('\n'),
  ]);

const CASES: [label: string | undefined, bytes: Buffer][] = [
  [undefined, Buffer.from('Jörg 測定')],
  ['ISO-8859-1', Buffer.from('J\xf6rg', 'latin1')],
  ['latin1', Buffer.from('J\xf6rg', 'latin1')],
  ['ISO-8859-15', Buffer.from('J\xf6rg \xa4', 'latin1')],
  ['CP1252', Buffer.from('J\xf6rg \x80', 'latin1')],
  ['KOI8-R', Buffer.from('\xf0\xc5\xd4\xd2', 'latin1')],
  ['Shift_JIS', Buffer.from('\x83\x65\x83\x58', 'latin1')],
  ['EUC-JP', Buffer.from('\xa5\xc6\xa5\xb9', 'latin1')],
  ['GBK', Buffer.from('\xb2\xe2', 'latin1')],
  ['UTF-8', Buffer.from('Jörg')],
  ['utf-8', Buffer.from('Line\u2028separator \u2029')],
];

for (const [label, name] of CASES) {
  t.test(
    `names and messages in ${label ?? 'no stated encoding'} are read as git reads them`,
    (t) => {
      const cwd = t.testdir();
      const bytes = commit(name, label);
      const run = (args: string[], input?: Buffer) =>
        execFileSync('git', args, { cwd, input, stdio: ['pipe', 'pipe', 'ignore'] }).toString();
      run(['init', '-q']);
      run(['hash-object', '-t', 'tree', '-w', '--stdin'], Buffer.alloc(0));
      const oid = run(['hash-object', '-t', 'commit', '-w', '--stdin'], bytes).trim();
      const byGit = run([
        '-c',
        'i18n.logOutputEncoding=UTF-8',
        'log',
        '-1',
        '--format=%an%n%s',
        oid,
      ]);
      const read = parseCommit(oid, bytes);
      t.equal(`${read.author.name}\n${read.message}`, byGit);
      t.end();
    },
  );
}

t.test('bytes that are invalid in their encoding are read as Latin-1', (t) => {
  const name = Buffer.from('J\xf6rg', 'latin1');
  for (const label of [undefined, 'UTF-8', 'x-unknown'])
    t.equal(parseCommit('x', commit(name, label)).author.name, 'Jörg', label ?? 'none');
  t.end();
});

t.test('a time beyond all dates becomes the last date', (t) => {
  const { at } = parseCommit(
    'x',
    commit(Buffer.from('A'), undefined, '9223372036854775807'),
  ).author;
  t.equal(at.toISOString(), '9999-12-31T23:59:59.000Z');
  t.end();
});
