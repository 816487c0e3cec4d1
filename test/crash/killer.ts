/** A thread that kills a process as soon as an effect shows in one of the folders. */
import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';

const { pid, folders, pattern, gone } = workerData as {
  pid: number;
  folders: string[];
  pattern: RegExp;
  gone: boolean;
};

for (const folder of folders) {
  const watcher = watch(folder, (_, name) => {
    if (!name || !pattern.test(name) || (gone && existsSync(join(folder, name)))) return;
    process.kill(pid, 'SIGKILL');
    watcher.close();
  });
}
