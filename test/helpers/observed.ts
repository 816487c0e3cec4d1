/**
 * Preloaded into a process by `observe.ts`: writes to the file that its URL names, as JSON lines, every module that a
 * thread of it loads, and at its end what the process used. A descriptor would be closed when the process replaces itself,
 * and a thread may have another environment.
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
