/**
 * The npm packages: exact versions, a checksum for each, known licences, and install scripts only where
 * docs/dependencies.md gives a reason.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';

const ROOT = join(import.meta.dirname, '..', '..');
const read = async (path: string) => await readFile(join(ROOT, path), 'utf8');

interface Locked {
  version: string;
  license?: string;
  integrity?: string;
  dev?: boolean;
  hasInstallScript?: boolean;
}
interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
}

const { packages } = JSON.parse(await read('package-lock.json')) as {
  packages: Record<string, Locked>;
};
const manifest = JSON.parse(await read('package.json')) as Manifest;
const installed = Object.entries(packages).filter(([path]) => path !== '');
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 13);

/** The licences that a registry may be distributed with, besides its own. */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MPL-2.0',
  'OFL-1.1',
  'Zlib',
]);

t.test('each package has one exact version and a checksum', async (t) => {
  for (const [name, version] of Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
  })) {
    t.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
    t.equal(packages[`node_modules/${name}`]?.version, version, `${name} in package-lock.json`);
  }
  for (const [path, { integrity }] of installed) {
    t.match(integrity, /^sha512-/, path);
  }
});

t.test('each package of the product has a known licence', async (t) => {
  for (const [path, { license = 'none', dev }] of installed) {
    const parts = license.replace(/[()]/g, '').split(' AND ');
    if (!dev)
      t.ok(
        parts.every((part) => LICENCES.has(part)),
        `${path}: ${license}`,
      );
  }
});

t.test('an install script runs only if docs/dependencies.md gives a reason', async (t) => {
  const withScripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript);
  const names = new Set(withScripts.map(([path]) => nameOf(path)));
  const allowed = Object.keys(manifest.allowScripts).filter((name) => manifest.allowScripts[name]);
  t.same(
    allowed.filter((name) => !names.has(name)),
    [],
    'only scripts that exist are allowed',
  );
  const [, section = ''] = (await read('docs/dependencies.md')).split('## Install scripts\n');
  const rows = section.matchAll(/^\| (`.*`) \| .{20,} \|$/gm);
  const explained = [...rows].flatMap(([, names = '']) => names.replaceAll('`', '').split(', '));
  t.same(explained.toSorted(), allowed.toSorted());
});
