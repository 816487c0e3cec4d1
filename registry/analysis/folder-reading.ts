/** The caller's side of a folder that a worker reads. */
import type { MessagePort } from 'node:worker_threads';
import type { Extraction, Skipped } from '../definitions/extract/types.ts';
import type { FolderReading, ReadDefinition } from '../services/analysis.ts';
import type { FolderRequest } from './folder-worker.ts';

/** @param ended settles when the worker has ended with the folder; if it rejects, every request rejects with its error */
export async function openReading(
  port: MessagePort,
  ended: Promise<unknown>,
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
  // Answers come in the order of the requests.
  port.on('message', (value) => waiting.shift()?.resolve(value));
  const fail = (error: unknown) => {
    failure = error;
    for (const { reject } of waiting.splice(0)) reject(error);
    port.close();
  };
  ended.then(() => fail(new Error('The folder has been read to its end')), fail);
  const { names, unmet } = await expect<Pick<Extraction, 'names' | 'unmet'>>();
  return {
    names,
    unmet,
    next: () => ask<ReadDefinition | undefined>('next'),
    skipped: () => ask<Skipped[]>('skipped'),
    async end() {
      port.postMessage('end' satisfies FolderRequest);
      await ended;
    },
  };
}
