#!/usr/bin/env node
/**
 * Runs the command line. Compiled modules are kept in node_modules/.cache from run to run (where that can be
 * written), so that what follows is loaded after the cache is there.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
const { run } = await import('./cli/run.ts');
process.exitCode = await run(process.argv);
