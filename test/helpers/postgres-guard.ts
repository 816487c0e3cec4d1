/**
 * Runs PostgreSQL as long as standard input is open, so that it ends with the process at the other end, even
 * if that is killed. Arguments: the folder to delete at the end, the user to run as (or -), the program and
 * its arguments.
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
// SIGQUIT is PostgreSQL's immediate shutdown. The folder is deleted anyway.
process.stdin.on('close', () => postgres.kill('SIGQUIT')).resume();
// A signal to the whole group (Ctrl-C) must not end the guard before PostgreSQL has ended.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
