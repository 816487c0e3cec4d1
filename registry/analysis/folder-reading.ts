/** Reads a folder through a worker: the part that runs in the calling thread. */
import type { MessagePort } from 'node:worker_threads';
import { DefinitionError } from '../definitions/errors.ts';
import type { Extraction, OnReading, Skipped } from '../definitions/extract/types.ts';
import { Problem } from '../errors.ts';
import type { FolderReading, ReadDefinition } from '../services/analysis.ts';
import type { FolderMessage, FolderRequest } from './folder-worker.ts';

/**
 * Waits for the worker's list of names, and returns functions that send requests to the worker.
 * @param ended settles when the worker has finished the folder; if it rejects, every request rejects with its error
 */
export async function openReading(
  port: MessagePort,
  ended: Promise<unknown>,
  onProgress?: OnReading,
): Promise<FolderReading> {
  const waiting: PromiseWithResolvers<unknown>[] = [];
  let failure: unknown;
  const expect = async <Value>(): Promise<Value> => {
    if (failure !== undefined) throw failure;
    const answer = Promise.withResolvers<unknown>();
    waiting.push(answer);
    return (await answer.promise) as Value;
  };
  const ask = async <Value>(request: FolderRequest): Promise<Value> => {
    port.postMessage(request);
    return await expect<Value>();
  };
  // The worker answers requests in the order in which they were sent, so the answer belongs to the first waiting
  // request.
  port.on('message', (message: FolderMessage) => {
    if ('progress' in message) onProgress?.(...message.progress);
    else waiting.shift()?.resolve(message.answer);
  });
  const fail = (reason: unknown) => {
    const error = asProblem(reason);
    failure = error;
    for (const { reject } of waiting.splice(0)) reject(error);
    port.close();
  };
  ended.then(() => fail(new Error('The whole folder has already been read')), fail);
  const { names, unmet } = await expect<Pick<Extraction, 'names' | 'unmet'>>();
  return {
    names,
    unmet,
    next: () => ask<ReadDefinition | undefined>('next'),
    skipped: () => ask<Skipped[]>('skipped'),
    async end() {
      port.postMessage('end' satisfies FolderRequest);
      // If the worker failed, the waiting request has already rejected with the worker's error.
      await Promise.allSettled([ended]);
    },
  };
}

/**
 * Turns the error of a changed folder into a 409, because somebody changed the folder and the registry did nothing
 * wrong.
 */
function asProblem(error: unknown): unknown {
  return error instanceof DefinitionError && error.code === 'folder_changed'
    ? new Problem('conflict', error.message, undefined, { cause: error })
    : error;
}
