/** Processor time of child processes (proc_pid_stat(5)). */
import { existsSync, readFileSync } from 'node:fs';

const STAT = '/proc/self/stat';
/** Clock ticks a second: USER_HZ of every Linux. */
const TICKS = 100;
/** The 16th and 17th field, counted from the first one after the program's name, which may hold spaces. */
const USER = 13;
const SYSTEM = 14;

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
  return (Number(fields[USER]) + Number(fields[SYSTEM])) / TICKS;
}
