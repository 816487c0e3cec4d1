/**
 * Preloaded into a process by `observe.ts`: writes to descriptor 3, as JSON lines, every module that a thread of
 * it loads, and at its end what the process used.
 */
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const tell = (what: object): void => void writeSync(3, `${JSON.stringify(what)}\n`);

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
