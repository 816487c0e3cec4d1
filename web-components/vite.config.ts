/**
 * Builds the web interface into `dist/`, which the registry serves (`registry/routes/interface.ts`). The build bundles
 * everything and compresses text files once, so that the registry need not compress each response.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** The address of the registry during development; set it with `REGISTRY_URL=… npm run dev`. */
const registry = process.env.REGISTRY_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    target: 'es2024',
    outDir: 'dist',
    emptyOutDir: true,
    // The Content-Security-Policy allows only files of the registry, no `data:` addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // CodeMirror is this large; only the editor loads it.
    chunkSizeWarningLimit: 600,
    // Compression takes most of the build time, so the warning about it is off.
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
/** From this size on (ruff's WebAssembly), the best compression would add a minute to every install for little gain. */
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
