/**
 * Text of other people is escaped before a terminal shows it: in the output of the command line, in the log, and in
 * names from outside, whose authors cannot react. The flaw: a name with an escape sequence cleared the screen of
 * everybody who ran `registry user list`.
 */
import { join } from 'node:path';
import { Writable } from 'node:stream';
import Fastify from 'fastify';
import t from 'tap';
import { loggerOptions, plainly } from '../../registry/logging.ts';
import { readAuthors } from '../../registry/services/import-export/folder-authors.ts';
import { profileOf } from '../../registry/services/people/single-sign-on/profile.ts';
import { updateUser } from '../../registry/store/users.ts';
import { HIDDEN_IN_PROSE } from '../../text/hidden.ts';
import { registry as command } from '../helpers/command.ts';
import { git } from '../helpers/git.ts';
import { startRegistry } from '../helpers/registry.ts';

const isPlain = (text: string) => text.search(HIDDEN_IN_PROSE) === -1;

t.test('the command line escapes hidden characters of older rows', async (t) => {
  const { deps, person, settings } = await startRegistry(t, { database: 'PostgreSQL' });
  const eve = await person('eve');
  await deps.store.transaction((em) =>
    updateUser(em, eve.id, { name: 'E\x1b[2Jv\u202ee\u009b' } as never),
  );
  const { stdout, code } = await command(['user', 'list'], settings);
  t.equal(code, 0);
  t.match(stdout, '\tE<U+001B>[2Jv<U+202E>e<U+009B>\t');
  t.ok(isPlain(stdout));
});

t.test('errors of the command line escape hidden characters', async (t) => {
  const { settings } = await startRegistry(t, { database: 'PostgreSQL' });
  for (const args of [
    ['user', 'add', 'eve', '--name', 'E\x1b[2Jve'],
    ['user', 'password', 'e\x1b[2J\u202e'],
    ['import', join(t.testdirName, 'a\x1b[2Jb')],
    ['user', 'e\x1b[2J'],
  ]) {
    const { stderr, code } = await command(args, settings);
    t.ok(code, JSON.stringify(args));
    t.match(stderr, /U\+001B/);
    t.ok(isPlain(stderr));
  }
});

t.test('the log stays JSON and escapes hidden characters', async (t) => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const { log } = Fastify({ logger: { ...loggerOptions({ LOG_LEVEL: 'info' }), stream } });
  const text = 'a\x1b[2J\u202e\u009b\b\fb\\u001b\\\nc\t"µV"';
  log.info({ name: text }, text);
  t.equal(lines.length, 1);
  const [line = ''] = lines;
  t.ok(isPlain(line));
  const shown = 'a<U+001B>[2J<U+202E><U+009B><U+0008><U+000C>b\\u001b\\\nc\t"µV"';
  t.match(JSON.parse(line), { name: shown, msg: shown });
  t.equal(plainly('{"msg":"x"}\n'), '{"msg":"x"}\n');
});

t.test('single sign-on removes hidden characters from names', async (t) => {
  const claims = { iss: 'https://id.example', sub: '1', preferred_username: 'ada' };
  const named = (name: string) => profileOf({ ...claims, name }).name;
  t.equal(named('A\u202eda\x1b[2J\u200b <Love\u00a0lace>'), 'Ada[2J Love lace');
  t.equal(named('\u202e\u200b'), 'ada');
  t.equal(named('Ada 👩‍🔬 السلام'), 'Ada 👩‍🔬 السلام');
  const email = (email: string) => profileOf({ ...claims, email }).email;
  t.equal(email('a\u202e@lab.example'), null);
  t.equal(email('ada@lab.example'), 'ada@lab.example');
});

t.test('authors of an imported history are escaped', async (t) => {
  const cwd = t.testdir({ 'a.py': 'x = 1\n' });
  const { deps } = await startRegistry(t);
  await git(['init', '-q'], { cwd });
  await git(['add', '.'], { cwd });
  const author = 'E\x1b[2J\u202eve <e\u200bve@lab.example>';
  await git(['commit', '-qm', 'x', '--author', author], { cwd });
  const authors = await readAuthors(deps.git, cwd);
  t.match(authors.get('a.py')?.author, {
    name: 'E<U+001B>[2J<U+202E>ve',
    email: 'e<U+200B>ve@lab.example',
  });
});
