#!/usr/bin/env node
/**
 * Runs the command line. First turns on the cache of compiled modules in node_modules/.cache, if that folder is
 * writable, and the bundle of packages (bundled-packages.ts). All other modules are imported afterwards, so that they
 * come from the cache and the bundle. This file is JavaScript, because Node needs 40 ms to compile the first TypeScript
 * that is not in the cache.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { useMemorySettings } from './memory-settings.js';

// This call comes first, because it may replace the process. Other commands end before their memory grows.
if (['serve', 'import'].includes(process.argv[2])) useMemorySettings();
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
const { useBundledPackages } = await import('./bundled-packages.ts');
useBundledPackages();
const { run } = await import('./cli/run.ts');
process.exitCode = await run(process.argv);
