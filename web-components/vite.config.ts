/**
 * Builds the web interface into `dist/`, which the registry serves (`registry/routes/interface.ts`). Everything
 * it needs is bundled; each file that is worth it is compressed here, once, rather than for every answer.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Where a registry runs during development; `REGISTRY_URL=… npm run dev`. */
const registry = process.env.REGISTRY_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    target: 'es2024',
    outDir: 'dist',
    emptyOutDir: true,
    // The Content-Security-Policy lets nothing in that is not a file of the registry.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // CodeMirror is that large, and is loaded for the editor alone.
    chunkSizeWarningLimit: 600,
    // Compressing takes most of the build, as it must.
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
/** Bytes from which the last per cent are not worth a minute at every install (ruff's WebAssembly). */
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
