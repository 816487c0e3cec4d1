/**
 * `node bench/open-store.ts <folder>`: opens the embedded database through the object mapper, with the compile cache
 * and bundled packages that every program of the registry uses. The program runs until it receives a signal.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
const { useBundledPackages } = await import('../registry/bundled-packages.ts');
useBundledPackages();
const { openStore } = await import('../registry/store/open.ts');

const store = await openStore({ folder: process.argv[2] as string });
await store.ping();
console.log('"ready"');
process.once('SIGTERM', () => void store.close());
