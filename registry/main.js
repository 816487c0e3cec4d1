#!/usr/bin/env node
/**
 * Runs the command line. Compiled modules are kept in node_modules/.cache from run to run (where that can be
 * written), and packages come from their bundle: what follows is loaded after both are there. JavaScript, for Node
 * takes 40 ms to get ready for the first TypeScript that is not kept yet.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { useMemorySettings } from './memory-settings.js';

// First, because it may replace the process. Other commands end before their memory grows.
if (['serve', 'import'].includes(process.argv[2])) useMemorySettings();
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
const { useBundledPackages } = await import('./bundled-packages.ts');
useBundledPackages();
const { run } = await import('./cli/run.ts');
process.exitCode = await run(process.argv);
