/**
 * A part of `npm run build`, which `npm install` runs: bundles the packages that every start loads into a few files.
 * `registry/bundled-packages.ts` uses these files. Our own sources are not bundled.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'rolldown';
import { BUNDLE, installedPackages, MANIFEST, type Manifest } from './registry/bundled-packages.ts';

/** The packages that our sources import at every start. A package that reads files in its own folder must not be here. */
const PACKAGES = [
  '@fastify/cookie',
  '@fastify/jwt',
  '@mikro-orm/core',
  '@mikro-orm/migrations',
  '@mikro-orm/postgresql',
  'ajv',
  'ajv/dist/2020.js',
  'close-with-grace',
  'commander',
  'diff',
  'es-toolkit/predicate',
  'fast-json-stringify',
  'fastify',
  'lru-cache',
  'smol-toml',
  'yaml',
];

/** These packages start threads from files in their own folders, by path. */
const LEFT_OUT = ['pino', 'thread-stream'];

const ENTRY = 'entry:';

/** Makes a bundle export the names that Node gives to an importer, including those of a CommonJS package. */
const asNodeImports: Plugin = {
  name: 'as-node-imports',
  resolveId: (id) => (id.startsWith(ENTRY) ? id : undefined),
  async load(id) {
    if (!id.startsWith(ENTRY)) return undefined;
    const name = id.slice(ENTRY.length);
    const names = Object.keys(await import(name)).filter((each) => /^[\w$]+$/.test(each));
    return `export { ${names.join(', ')} } from '${name}';`;
  },
};

const manifest: Plugin = {
  name: 'manifest',
  generateBundle(_, written) {
    const files: Manifest['files'] = {};
    for (const file of Object.values(written)) {
      if (file.type !== 'chunk' || !file.facadeModuleId?.startsWith(ENTRY)) continue;
      files[file.facadeModuleId.slice(ENTRY.length)] = file.fileName;
    }
    const source = JSON.stringify({ installed: installedPackages(), files } satisfies Manifest);
    this.emitFile({ type: 'asset', fileName: MANIFEST, source });
  },
};

export default defineConfig({
  input: PACKAGES.map((name) => ENTRY + name),
  platform: 'node',
  external: LEFT_OUT,
  plugins: [asNodeImports, manifest],
  output: {
    dir: fileURLToPath(BUNDLE),
    cleanDir: true,
    entryFileNames: '[name]-[hash].js',
    chunkFileNames: '[hash].js',
  },
});
