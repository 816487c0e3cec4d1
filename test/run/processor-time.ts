/** Processor time of child processes (proc_pid_stat(5)). */
import { existsSync, readFileSync } from 'node:fs';

const STAT = '/proc/self/stat';
/** Clock ticks a second: USER_HZ of every Linux. */
const TICKS = 100;
/** Places of cutime and cstime, counted from the first field after the program's name. */
const CUTIME = 13;
const CSTIME = 14;

let counted = childrenSeconds();

/**
 * Processor seconds of the child that has just ended and of all processes that it has waited for. To be called at each
 * `exit` event, since the system adds up all children. 0 where there is no /proc.
 */
export function secondsOfEndedChild(): number {
  const before = counted;
  counted = childrenSeconds();
  return counted - before;
}

function childrenSeconds(): number {
  if (!existsSync(STAT)) return 0;
  const stat = readFileSync(STAT, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[CUTIME]) + Number(fields[CSTIME])) / TICKS;
}
