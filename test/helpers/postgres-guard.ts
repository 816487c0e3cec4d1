/**
 * Runs PostgreSQL while standard input is open. PostgreSQL therefore ends with the process at the other end, even if
 * that process is killed. Arguments: the folder to delete at the end, the user to run as (or -), the program and its
 * arguments.
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
// SIGQUIT makes PostgreSQL shut down immediately. PostgreSQL need not save anything, because its folder is deleted.
process.stdin.on('close', () => postgres.kill('SIGQUIT')).resume();
// A signal to the whole process group (Ctrl-C) must not end the guard before PostgreSQL.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
