/** Gives a process a name from which others can find out later whether it still runs. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The time at which a process started, in ticks since boot (proc(5), field 22 of /proc/<pid>/stat). It distinguishes a
 * process from a later one with the same number. It is `0` if the system has no /proc, and undefined if the process has
 * ended.
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

/** The name of this process: `<pid>.<start>.<host>`. It contains neither `/` nor `~`, so file names can contain it. */
export const owner = `${process.pid}.${startOf(process.pid)}.${encodeURIComponent(hostname()).replaceAll('~', '%7E')}`;

/** Whether the process has certainly ended. False for processes of other machines and for text that is no such name. */
export function isGone(text: string): boolean {
  const [, pid, start, host] = /^(\d+)\.(\d+)\.(.*)$/.exec(text) ?? [];
  if (host !== owner.slice(owner.indexOf('.', owner.indexOf('.') + 1) + 1)) return false;
  const now = startOf(Number(pid));
  return now === undefined || (now !== '0' && start !== '0' && now !== start);
}
