/** Names a process so that others can find out later whether it still runs. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The start of a process in ticks since boot (proc(5), field 22 of /proc/<pid>/stat). It distinguishes a process from a
 * later one with the same number. `0` without /proc, undefined if the process is gone.
 */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return '0';
  }
}

/** This process: `<pid>.<start>.<host>`, free of `/` and `~`. */
export const owner = `${process.pid}.${startOf(process.pid)}.${encodeURIComponent(hostname()).replaceAll('~', '%7E')}`;

/**
 * Whether the owner is certainly gone. False for a process of another machine and for text that does not name an owner.
 */
export function isGone(text: string): boolean {
  const [, pid, start, host] = /^(\d+)\.(\d+)\.(.*)$/.exec(text) ?? [];
  if (host !== owner.slice(owner.indexOf('.', owner.indexOf('.') + 1) + 1)) return false;
  const now = startOf(Number(pid));
  return now === undefined || (now !== '0' && start !== '0' && now !== start);
}
