/**
 * `node until-eof.ts <program> <arguments> -- <program> …`: runs programs until standard input ends, so that they end
 * with the bench even if it is killed. Fails if a program ends earlier.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const commands: string[][] = [[]];
for (const word of process.argv.slice(2)) {
  if (word === '--') commands.push([]);
  else commands.at(-1)?.push(word);
}

// Each program gets its own process group, so that fcgiwrap's children end with it.
const children = commands.map(([program = '', ...args]) =>
  spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: true }),
);
const ended = children.map((child) => once(child, 'exit'));
let isOver = false;
for (const child of children) {
  child.once('error', (error) => console.error(error.message));
  child.once('exit', () => {
    if (!isOver) process.exitCode = 1;
    end();
  });
}
process.stdin.resume().once('end', end);

function end(): void {
  if (isOver) return;
  isOver = true;
  process.stdin.destroy();
  for (const { pid, exitCode, signalCode } of children) {
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid);
  }
}
await Promise.all(ended);
