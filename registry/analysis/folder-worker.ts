/** Reads a folder in a worker, one definition per request, so that never all of them are in memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { extract } from '../definitions/extract/extract.ts';
import { loadsOf } from '../definitions/extract/loads.ts';
import type { Skipped, SourceFile } from '../definitions/extract/types.ts';
import { QUESTIONS } from '../definitions/questions.ts';
import { validateDefinition } from '../definitions/validate.ts';
import type { FolderOrder, ReadDefinition } from '../services/analysis.ts';

export type FolderRequest = 'next' | 'skipped' | 'end';

/** Posts the names, then answers requests in order until `end`. Throws the errors of reading the folder. */
export async function serveFolder(port: MessagePort, order: FolderOrder): Promise<void> {
  const { root, files, policy, ...options } = order;
  const { names, unmet, definitions, skipped } = extract(
    files.map(({ path, size }) => fileAt(root, path, size, options.maxFileBytes)),
    options,
  );
  const queue = definitions[Symbol.iterator]();
  const answer = (
    request: Exclude<FolderRequest, 'end'>,
  ): ReadDefinition | Skipped[] | undefined => {
    if (request === 'skipped') return skipped();
    const { value: definition, done } = queue.next();
    if (done) return undefined;
    const { name, files } = definition;
    const validation = validateDefinition(name, files, policy);
    const content = QUESTIONS.readContent(name, files);
    return { definition, validation, loads: loadsOf(definition, validation), content };
  };
  port.postMessage({ names, unmet });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  port.on('message', (request: FolderRequest) => {
    if (request === 'end') return resolve();
    try {
      port.postMessage(answer(request));
    } catch (error) {
      reject(error);
    }
  });
  port.on('close', resolve);
  await promise;
  port.close();
}

/** A file that is read each time its bytes are used. */
function fileAt(root: string, path: string, size: number, most = Infinity): SourceFile {
  return {
    path,
    size,
    get bytes() {
      return size > most ? null : readFileSync(join(root, path));
    },
  };
}
