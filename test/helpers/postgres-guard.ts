/**
 * Runs PostgreSQL for as long as standard input is open, so that it ends with the process that holds
 * the other end, even when that one is killed. Arguments: the folder to delete at the end, the user to
 * run as (or -), the program and its arguments.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder = '', user, program = '', ...args] = process.argv.slice(2);
const identity = user === '-' ? {} : { uid: Number(user), gid: Number(user) };

const postgres = spawn(program, args, { ...identity, stdio: ['ignore', 'ignore', 'inherit'] });
postgres.on('close', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
// SIGQUIT is PostgreSQL's immediate shutdown: nothing in the folder is kept anyway.
process.stdin.on('close', () => postgres.kill('SIGQUIT')).resume();
// A signal to the whole group (Ctrl-C) must not take the guard away before PostgreSQL is gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
