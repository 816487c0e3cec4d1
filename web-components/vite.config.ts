/**
 * Builds the web interface into `dist/`. The registry serves the files in `dist/` (`registry/routes/interface.ts`). The
 * build also compresses text files, so that the registry does not compress each response.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** The address of the registry during development. To set another address, run `REGISTRY_URL=… npm run dev`. */
const registry = process.env.REGISTRY_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    target: 'es2024',
    outDir: 'dist',
    emptyOutDir: true,
    // Inlined files would have `data:` addresses, which the Content-Security-Policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The chunk with CodeMirror is almost this large. Only the editor loads the chunk.
    chunkSizeWarningLimit: 600,
    // Compression takes most of the build time. The build's warning about this is switched off.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/client', '/docs', '/openapi.json'].map((path) => [path, { target: registry }]),
    ),
  },
  plugins: [compressed()],
});

/** Writes `.br` and `.gz` beside every text file of the build. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    async writeBundle({ dir }) {
      const folder = join(dir ?? '', 'assets');
      const names = (await readdir(folder)).filter((name) => TEXT.has(extname(name)));
      await Promise.all(names.map((name) => compress(join(folder, name))));
    },
  };
}

const TEXT = new Set(['.js', '.css', '.svg', '.wasm']);
/**
 * Files of this size, such as ruff's WebAssembly, get a faster compression. The best compression would add a minute to
 * every install and save little.
 */
const HUGE = 1024 * 1024;
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;

async function compress(path: string): Promise<void> {
  const content = await readFile(path);
  const isHuge = content.length > HUGE;
  const params = {
    [BROTLI_PARAM_QUALITY]: isHuge ? 5 : 10,
    [BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  await Promise.all([
    promisify(brotliCompress)(content, { params }).then((br) => writeFile(`${path}.br`, br)),
    promisify(gzip)(content, { level: isHuge ? 6 : 9 }).then((gz) => writeFile(`${path}.gz`, gz)),
  ]);
}
