/**
 * Runs PostgreSQL while standard input is open. PostgreSQL therefore ends with the process at the other end, even if
 * that process is killed. Arguments: the folder to delete at the end, the user to run as (or -), whether to start
 * PostgreSQL `again` when it was killed or only `once`, the program and its arguments.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder = '', user, starts, program = '', ...args] = process.argv.slice(2);
const identity = user === '-' ? {} : { uid: Number(user), gid: Number(user) };

/** After a kill, PostgreSQL starts only when the last of its processes has ended. */
const RETRY_MS = 200;

let postgres: ChildProcess | undefined;
let again: NodeJS.Timeout | undefined;
let isOver = false;

function start(): void {
  postgres = spawn(program, args, { ...identity, stdio: ['ignore', 'ignore', 'inherit'] });
  postgres.on('close', () => {
    if (starts === 'again' && !isOver) again = setTimeout(start, RETRY_MS);
    else end();
  });
}

function end(): void {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}

start();
// SIGQUIT makes PostgreSQL shut down immediately. PostgreSQL need not save anything, because its folder is deleted.
process.stdin
  .on('close', () => {
    isOver = true;
    clearTimeout(again);
    // False if PostgreSQL is not running.
    if (!postgres?.kill('SIGQUIT')) end();
  })
  .resume();
// A signal to the whole process group (Ctrl-C) must not end the guard before PostgreSQL.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
