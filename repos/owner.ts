/** Gives a process a name from which others can find out later whether it still runs. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The time at which a process started, in ticks since boot (proc(5), field 22 of /proc/<pid>/stat). The start time
 * distinguishes a process from a later one with the same number. Returns `0` if the system has no /proc, and undefined
 * if the process has ended.
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

/**
 * The name of this process: `<pid>.<start>.<host>`. The name contains neither `/` nor `~`, so it can be part of a file
 * name.
 */
export const owner = `${process.pid}.${startOf(process.pid)}.${encodeURIComponent(hostname()).replaceAll('~', '%7E')}`;

/**
 * Whether the process has certainly ended. Returns false for processes of other machines, and for a text that is not
 * the name of a process.
 */
export function isGone(text: string): boolean {
  const [, pid, start, host] = /^(\d+)\.(\d+)\.(.*)$/.exec(text) ?? [];
  if (host !== owner.slice(owner.indexOf('.', owner.indexOf('.') + 1) + 1)) return false;
  const now = startOf(Number(pid));
  return now === undefined || (now !== '0' && start !== '0' && now !== start);
}
