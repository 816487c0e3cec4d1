/** Starts the helper processes of the bench. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Exchange, Order } from './exchange.ts';

/** Passes a disposable stack to `work`, and closes everything on the stack when `work` ends. */
export async function disposing<T>(work: (stack: AsyncDisposableStack) => Promise<T>): Promise<T> {
  const stack = new AsyncDisposableStack();
  try {
    return await work(stack);
  } finally {
    await stack.disposeAsync();
  }
}

/** Starts a program of this folder, and ends the program when the stack is disposed. */
export function helper(stack: AsyncDisposableStack, program: string): ChildProcess {
  const child = fork(join(import.meta.dirname, program), { serialization: 'advanced' });
  stack.defer(() => void (child.connected && child.disconnect()));
  return child;
}

/** Sends a message and waits for the answer. Throws if the process ends first. */
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
