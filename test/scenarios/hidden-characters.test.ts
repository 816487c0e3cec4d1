/**
 * Misleading text ("Trojan Source", CVE-2021-42574) on every way into the registry. If the author can react, the text
 * is refused or causes a warning with its position. If nobody can react, hidden characters are escaped. No terminal
 * receives hidden characters unescaped.
 */
import t from 'tap';
import { HIDDEN_IN_PROSE } from '../../text/hidden.ts';
import { cloneOf } from '../helpers/clone.ts';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

const lab = await startLab(t);
const { ada, ben, nano } = lab;

/** An attack from the Trojan Source paper: a check that looks like code, but is a comment. */
const TROJAN = '# \u202e } \u2066if admin\u2069 \u2066 begin\n';

const make = async (name: string) =>
  ada.client.definitions.create({ name, source_code: measurement(name), lab_id: nano.id });

/** The `remote:` lines in git's output. */
const remoteLines = (stderr: string) =>
  stderr.split('\n').filter((line) => line.startsWith('remote:'));
const isPlain = (text: string) => text.search(HIDDEN_IN_PROSE) === -1;

t.test('a push to main names each place, and lands', async (t) => {
  await make('Landed');
  const clone = await cloneOf(t, lab, 'Landed', ada);
  const text = `${measurement('Landed', 2)}${TROJAN}v\u043eltage = 1\n`;
  await clone.commit({ 'Landed.py': text, 'README.md': 'a\u200bb\n' }, 'Two');
  const { code, stderr } = await clone.push('HEAD:main');
  t.equal(code, 0, stderr);
  const lines = remoteLines(stderr).join('\n');
  const line = text.split('\n').length - 2;
  t.match(lines, `warning: Landed.py:${line}:3: U+202E (right-to-left override)`);
  t.match(lines, new RegExp(`warning: Landed.py:${line + 1}:1: .*U\\+043E`));
  t.match(lines, 'warning: README.md:1:2: ');
  t.ok(isPlain(lines));
});

t.test('a merge request shows them in its check and on remote lines', async (t) => {
  const made = await make('Reviewed');
  const clone = await cloneOf(t, lab, 'Reviewed', ben);
  await clone.commit({ 'Reviewed.py': measurement('Reviewed', 2) + TROJAN }, 'Two');
  const { code, stderr } = await clone.push('HEAD:refs/for/main');
  t.equal(code, 0, stderr);
  t.match(stderr, /remote: validation: warning: Reviewed\.py:\d+:3: U\+202E/);
  const [row] = (await ada.client.mergeRequests.list({ definition_id: made.id })).items;
  const { checks } = await ada.client.mergeRequests.read(row?.id ?? 0);
  const validation = checks.find(({ name }) => name === 'validation');
  t.match(validation, { state: 'success', summary: /^warning: Reviewed\.py:\d+:3: U\+202E/ });
});

t.test(
  'hidden characters in messages, authors and push options are escaped, with a warning',
  async (t) => {
    const made = await make('Said');
    const clone = await cloneOf(t, lab, 'Said', ben);
    await clone.commit({ 'Said.py': measurement('Said', 2) }, 'x');
    const message = 'Fix\u202e it\x1b[2J\n\nbody\u200b';
    const author = 'A\u202eda <ben@lab.example>';
    await clone.git('commit', '-q', '--amend', '--author', author, '-m', message);
    const { code, stderr } = await clone.push(
      '-o',
      'title=Bet\u2066ter\x1b[2J',
      '-o',
      'x\u202e=1',
      'HEAD:refs/for/main',
    );
    t.equal(code, 0, stderr);
    const lines = remoteLines(stderr).join('\n');
    t.match(lines, /warning: commit \w{10}: the name of its author contains U\+202E/);
    t.match(lines, /warning: commit \w{10}: its message contains U\+202E/);
    t.match(lines, 'unknown push option "x<U+202E>"');
    t.ok(isPlain(lines));
    const [row] = (await ada.client.mergeRequests.list({ definition_id: made.id })).items;
    t.equal(row?.title, 'Bet<U+2066>ter<U+001B>[2J');
    const page = await ada.client.mergeRequests.read(row?.id ?? 0);
    t.equal(page.commits[0]?.author.name, 'A<U+202E>da');
    t.equal(page.commits[0]?.message.trim(), 'Fix<U+202E> it<U+001B>[2J\n\nbody<U+200B>');
    await ada.client.mergeRequests.review(row?.id ?? 0, { verdict: 'approve', head: page.head });
    await ada.client.mergeRequests.merge(row?.id ?? 0, { head: page.head });
    const [version] = (await ada.client.definitions.versions(made.id)).items;
    t.equal(version?.author.name, 'A<U+202E>da');
    await clone.git('fetch', '-q', 'origin');
    t.ok(isPlain(await clone.git('cat-file', 'tag', 'v2')), 'the record is escaped too');
  },
);

t.test(
  'branch and file names with hidden characters are refused, and nothing is stored',
  async (t) => {
    await make('Named');
    const clone = await cloneOf(t, lab, 'Named', ada);
    await clone.commit({ 'Named.py': measurement('Named', 2) }, 'Two');
    for (const hidden of ['\u202e', '\u200b', '\u0085', '\u3164', '\u{e0041}']) {
      const { code, stderr } = await clone.push(`HEAD:refs/heads/a${hidden}b`);
      t.not(code, 0);
      const lines = remoteLines(stderr).join('\n');
      t.match(lines, /The name contains U\+[0-9A-F]{4,5} /);
      t.ok(isPlain(lines));
    }
    t.equal((await clone.push('HEAD:refs/heads/größe-µV')).code, 0);
    await clone.commit({ 'tests/a\u202eb.txt': 'x' }, 'Three');
    const { code, stderr } = await clone.push('HEAD:main');
    t.not(code, 0);
    t.match(remoteLines(stderr).join('\n'), 'tests/a<U+202E>b.txt: A path cannot contain U+202E');
    const heads = await git(['ls-remote', lab.gitUrl('Named', ada.token), 'refs/heads/*']);
    t.same(
      heads
        .trim()
        .split('\n')
        .map((line) => line.split('/').at(-1)),
      ['größe-µV', 'main'],
    );
  },
);

t.test('an existing branch with hidden characters can be deleted', async (t) => {
  await make('Older');
  const clone = await cloneOf(t, lab, 'Older', ada);
  const repository = await lab.deps.repositories.open('Older');
  const { head } = await repository.tip();
  await repository.updateRefs([{ ref: 'refs/heads/a\u202eb', from: null, to: head }]);
  t.equal((await clone.push('--delete', 'a\u202eb')).code, 0);
});

t.test('errors for git clients escape hidden characters', async (t) => {
  await make('Asked');
  const clone = await cloneOf(t, lab, 'Asked', ada);
  const asked = await t.rejects(
    clone.git('fetch', '-q', '--depth=1', '--shallow-exclude=a\u202eb\x1b[2J', 'origin'),
  );
  t.match(String(asked), /<U\+202E>b<U\+001B>/);
});
