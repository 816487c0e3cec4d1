/**
 * `node bench/open-store.ts <folder>`: opens the embedded database as every program of the registry must, through
 * the object mapper and with compiled modules kept, and nothing else, until told to end.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
const { openStore } = await import('../registry/store/open.ts');

const store = await openStore({ folder: process.argv[2] as string });
await store.ping();
console.log('"ready"');
process.once('SIGTERM', () => void store.close());
