/** Measures the CPU time of child processes (proc_pid_stat(5)). */
import { existsSync, readFileSync } from 'node:fs';

const STAT = '/proc/self/stat';
/** Clock ticks per second: USER_HZ has this value on every Linux. */
const TICKS = 100;
/** Positions of fields, counted after the program's name, which may contain spaces. */
const USER = 13;
const SYSTEM = 14;

let counted = childrenSeconds();

/**
 * The CPU seconds of the child that has just ended and of all processes that it waited for. Call this function at each
 * `exit` event, because the system only gives the sum over all children. Returns 0 on systems without /proc.
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
  return (Number(fields[USER]) + Number(fields[SYSTEM])) / TICKS;
}
