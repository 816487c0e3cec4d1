/**
 * `observe.ts` preloads this module into a process. It writes every module that a thread loads to the file in its own
 * URL, as JSON lines. At the end it writes what the process used. The file is named in the URL because a file
 * descriptor would be closed when the process replaces itself, and a thread may have another environment.
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
