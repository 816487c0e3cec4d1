/**
 * Reads a folder in a worker thread. The worker sends one definition per request, so memory never holds all
 * definitions.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { DefinitionError } from '../definitions/errors.ts';
import { extract } from '../definitions/extract/extract.ts';
import { loadsOf } from '../definitions/extract/loads.ts';
import type { OnReading, ReadingStep, Skipped, SourceFile } from '../definitions/extract/types.ts';
import { QUESTIONS } from '../definitions/questions.ts';
import { validateDefinition } from '../definitions/validate.ts';
import type { FolderOrder, ReadDefinition } from '../services/analysis.ts';

/** What the worker sends: one answer per request, in the order of the requests, and reports of its progress. */
export type FolderMessage =
  | { answer: unknown }
  | { progress: [step: ReadingStep, done: number, total: number] };

export type FolderRequest = 'next' | 'skipped' | 'end';

/**
 * Sends the names of the definitions, then answers requests in order until `end`. Throws the errors of reading the
 * folder.
 */
export async function serveFolder(port: MessagePort, order: FolderOrder): Promise<void> {
  const { root, files, policy, ...options } = order;
  const send = (message: FolderMessage): void => port.postMessage(message);
  const { names, unmet, definitions, skipped } = extract(
    files.map(({ path, size }) => new FolderFile(root, path, size, options.maxFileBytes)),
    { ...options, onProgress: eachPercent((...progress) => send({ progress })) },
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
  send({ answer: { names, unmet } });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  port.on('message', (request: FolderRequest) => {
    if (request === 'end') return resolve();
    try {
      send({ answer: answer(request) });
    } catch (error) {
      reject(error);
    }
  });
  port.on('close', resolve);
  await promise;
  port.close();
}

/** Passes progress on only when the whole percentage has grown. */
function eachPercent(report: OnReading): OnReading {
  return (step, done, total) => {
    const percent = (count: number): number => Math.floor((100 * count) / total);
    if (percent(done) > percent(done - 1)) report(step, done, total);
  };
}

/**
 * A file of the folder. Each access to `bytes` reads the file again. If the file has changed or is gone since the first
 * access, `bytes` throws `DefinitionError` `folder_changed`, because a definition must not combine parts of different
 * states. `FolderFile` is a class because V8 needs 500 bytes more for an object literal with a getter.
 */
class FolderFile implements SourceFile {
  readonly path: string;
  readonly size: number;
  readonly #root: string;
  readonly #most: number;
  #first: string | undefined;

  constructor(root: string, path: string, size: number, most = Infinity) {
    this.#root = root;
    this.path = path;
    this.size = size;
    this.#most = most;
  }

  get bytes(): Uint8Array | null {
    if (this.size > this.#most) return null;
    const file = join(this.#root, this.path);
    if (this.#first !== undefined) return readAgain(file, this.path, this.#first);
    const stamp = stampOf(file);
    const bytes = readFileSync(file);
    this.#first = stamp;
    return bytes;
  }
}

function readAgain(file: string, path: string, stamp: string): Uint8Array {
  try {
    if (stampOf(file) === stamp) return readFileSync(file);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
  }
  const message = `${path} changed while the folder was read. Import the folder again.`;
  const span = { line: 1, column: 1, end_line: 1, end_column: 1 };
  throw new DefinitionError('folder_changed', [{ ...span, code: 'folder-changed', message }]);
}

function stampOf(file: string): string {
  const { ino, size, mtimeNs } = statSync(file, { bigint: true });
  return `${ino}-${size}-${mtimeNs}`;
}
