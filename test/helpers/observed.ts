/**
 * `observe.ts` preloads this module into a process. The module's own URL names a file. Every module that a thread loads
 * is written to this file as a JSON line. When the process ends, its memory and CPU time are also written. The URL
 * names the file, because the process closes file descriptors when it replaces itself, and a thread may have another
 * environment.
 */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const file = String(new URL(import.meta.url).searchParams.get('file'));
const tell = (what: object): void => appendFileSync(file, `${JSON.stringify(what)}\n`);

registerHooks({
  load(url, context, next) {
    tell({ module: url });
    return next(url, context);
  },
});
if (isMainThread) {
  process.on('exit', () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    tell({ megabytes: maxRSS / 1024, cpu: (userCPUTime + systemCPUTime) / 1000 });
  });
}
