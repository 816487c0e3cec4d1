import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import isomorphic from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import t from 'tap';
import { DULWICH, pythonWith } from '../../helpers/python.ts';
import { startServer, type TestServer } from './server.ts';

let server: TestServer;
t.before(async () => {
  server = await startServer();
});
t.afterEach(() => t.same(server.failures, []));
t.teardown(() => server[Symbol.asyncDispose]());

const author = { name: 'An Author', email: 'author@example.org' };

t.test('isomorphic-git pushes, clones, fetches and reports a refusal', async (t) => {
  const repository = await server.repositories.create('Isomorphic');
  const url = `${server.url}/Isomorphic.git`;
  const dir = join(server.folder, 'isomorphic');
  await isomorphic.init({ fs, dir, defaultBranch: 'main' });
  const save = async (text: string) => {
    await writeFile(join(dir, 'a.py'), text);
    await isomorphic.add({ fs, dir, filepath: 'a.py' });
    return isomorphic.commit({ fs, dir, message: 'x', author });
  };
  const push = (ref = 'main') =>
    isomorphic.push({ fs, http, dir, url, ref: 'main', remoteRef: ref, force: true });
  await save('one\n');
  t.equal((await push()).ok, true);

  const clone = join(server.folder, 'isomorphic-clone');
  await isomorphic.clone({ fs, http, dir: clone, url, ref: 'main' });
  t.equal(await readFile(join(clone, 'a.py'), 'utf8'), 'one\n');

  const second = await save('two\n');
  await push();
  t.equal(await repository.head(), second);
  await isomorphic.fetch({ fs, http, dir: clone, url, depth: 1 });
  const tip = await isomorphic.resolveRef({ fs, dir: clone, ref: 'refs/remotes/origin/main' });
  t.equal(tip, second);

  await t.rejects(push('refs/registry/state'), /registry reserves this name/);
  t.same(await repository.fsck(), []);
});

t.test('dulwich pushes, clones, fetches and reports a refusal', async (t) => {
  const repository = await server.repositories.create('Dulwich');
  const python = await pythonWith(DULWICH);
  const script = `
import os, sys
from dulwich import porcelain
url, folder = sys.argv[1], sys.argv[2]
one = os.path.join(folder, "dulwich-one")
os.mkdir(one)
work = porcelain.init(one)
def save(text):
    with open(os.path.join(one, "a.py"), "w") as file:
        file.write(text)
    porcelain.add(work, [os.path.join(one, "a.py")])
    return porcelain.commit(work, b"x", author=b"A <a@example.org>", committer=b"A <a@example.org>")
save("one\\n")
porcelain.push(work, url, "HEAD:refs/heads/main")
two = os.path.join(folder, "dulwich-two")
clone = porcelain.clone(url, two)
assert open(os.path.join(two, "a.py")).read() == "one\\n"
last = save("two\\n")
porcelain.push(work, url, "HEAD:refs/heads/main")
porcelain.fetch(clone, url)
assert last in clone.object_store
porcelain.clone(url, os.path.join(folder, "dulwich-shallow"), depth=1)
try:
    porcelain.push(work, url, "HEAD:refs/registry/state")
except Exception as error:
    print("refused:", error)
print(last.decode())
`;
  const args = ['-c', script, `${server.url}/Dulwich.git`, server.folder];
  const { stdout } = await promisify(execFile)(python, args);
  t.match(stdout, `${await repository.head()}`);
  t.equal((await repository.refs()).size, 1);
  t.same(await repository.fsck(), []);
});
