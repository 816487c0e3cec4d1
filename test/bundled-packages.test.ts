/** The bundle of the packages that the registry loads at startup. */
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { type RolldownOptions, rolldown } from 'rolldown';
import t from 'tap';
import {
  installedPackages,
  MANIFEST,
  type Manifest,
  useBundledPackages,
} from '../registry/bundled-packages.ts';
import config from '../rolldown.config.ts';

const folder = t.testdir();
const bundle = pathToFileURL(`${folder}/`);

t.test('a missing or outdated bundle is not used', async (t) => {
  const before = import.meta.resolve('fastify');
  t.equal(useBundledPackages(bundle), false);
  const files = { fastify: 'fastify.js' };
  await writeFile(new URL(MANIFEST, bundle), JSON.stringify({ installed: 'others', files }));
  t.equal(useBundledPackages(bundle), false);
  t.equal(import.meta.resolve('fastify'), before);
});

t.test('a bundle exports every name of its packages, and imports use it', async (t) => {
  const { output, ...input } = config as RolldownOptions;
  const built = await (await rolldown(input)).write({ ...output, dir: folder });
  const asset = built.output.find(({ fileName }) => fileName === MANIFEST);
  const manifest = JSON.parse(asset?.type === 'asset' ? String(asset.source) : '') as Manifest;
  t.equal(manifest.installed, installedPackages());
  const names = async (module: string) => Object.keys(await import(module)).filter(isName);
  for (const [name, file] of Object.entries(manifest.files)) {
    t.same(await names(new URL(file, bundle).href), await names(name), name);
  }
  t.equal(useBundledPackages(bundle), true);
  for (const [name, file] of Object.entries(manifest.files)) {
    t.equal(import.meta.resolve(name), new URL(file, bundle).href);
  }
});

/** Excludes `module.exports`, which Node adds to the names of a CommonJS package. */
const isName = (name: string): boolean => /^[\w$]+$/.test(name);
