/** Processes of the bench beside the server. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Exchange, Order } from './exchange.ts';

/** Gives the work a stack for what it opens, and closes all of that afterwards. */
export async function disposing<T>(work: (stack: AsyncDisposableStack) => Promise<T>): Promise<T> {
  const stack = new AsyncDisposableStack();
  try {
    return await work(stack);
  } finally {
    await stack.disposeAsync();
  }
}

/** Starts a program of this folder, which ends with the stack. */
export function helper(stack: AsyncDisposableStack, program: string): ChildProcess {
  const child = fork(join(import.meta.dirname, program), { serialization: 'advanced' });
  stack.defer(() => void (child.connected && child.disconnect()));
  return child;
}

/** Sends a message and waits for its answer. Throws if the process ends instead. */
export async function tell<T>(child: ChildProcess, message: Order | Exchange[]): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const ended = (code: number | null) =>
    reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}`));
  child.once('message', resolve).once('exit', ended);
  child.send(message);
  try {
    return await promise;
  } finally {
    child.off('message', resolve).off('exit', ended);
  }
}
