/** The package that pip receives is complete, and has the registry's version. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import t from 'tap';
import { clientPackage, clientPackageName } from '../../registry/services/client-package.ts';
import { ownVersion } from '../../registry/version.ts';

const CLIENT = join(import.meta.dirname, '..', '..', 'client', 'python');

t.test('registry and package have the same version', async (t) => {
  const version = await ownVersion();
  const project = await readFile(join(CLIENT, 'pyproject.toml'), 'utf8');
  t.equal(/^version = "(.*)"$/m.exec(project)?.[1], version);
  const module = await readFile(join(CLIENT, 'src', 'pybirch_registry', '__init__.py'), 'utf8');
  t.equal(/^__version__ = "(.*)"$/m.exec(module)?.[1], version);
});

t.test('the archive has the files that pip needs, and no others', async (t) => {
  const read = clientPackage('1.2.3');
  const files = Object.keys(unzipSync(await read(clientPackageName('1.2.3'))));
  for (const path of ['pyproject.toml', 'README.md', 'src/pybirch_registry/py.typed'])
    t.ok(files.includes(`pybirch_registry-1.2.3/${path}`), path);
  t.same(
    files.filter((path) => /tests\/|__pycache__|\.pyc$/.test(path)),
    [],
  );
});

t.test('another file name is answered with the right one', async (t) => {
  const read = clientPackage('1.2.3');
  for (const name of ['pybirch_registry-1.2.2.zip', '../package.json', 'pyproject.toml'])
    await t.rejects(read(name), { code: 'not_found', message: /pybirch_registry-1\.2\.3\.zip/ });
});

t.test('the same files make the same archive, byte for byte', async (t) => {
  const [one, other] = await Promise.all(
    [1, 2].map(async () => await clientPackage('1.2.3')(clientPackageName('1.2.3'))),
  );
  t.same(one, other);
});
