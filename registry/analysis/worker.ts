/**
 * The code of a worker thread. A worker answers one question at a time with the pure functions of
 * `registry/definitions`.
 */
import type { MessagePort } from 'node:worker_threads';
import { useBundledPackages } from '../bundled-packages.ts';
import type { DefinitionErrorCode } from '../definitions/errors.ts';
import type { Question } from '../definitions/questions.ts';
import type { Diagnostic } from '../definitions/types.ts';
import type { FolderOrder } from '../services/analysis.ts';

export interface AnalysisTask {
  /**
   * The question. The question `folder` lasts until the caller sends `end` over the transferred port
   * (`folder-worker.ts`).
   */
  question: Question | 'folder';
  given: unknown[];
  /** Ports that are moved to the worker. The sender can no longer use these ports. */
  transfer?: readonly MessagePort[];
}

export type AnalysisResult = ({ value: unknown } | { refused: Refusal }) & {
  /** How many bytes of memory the worker uses after this answer. */
  held: number;
};

/** A `DefinitionError` as a plain object, because errors lose their class when they are sent between threads. */
export interface Refusal {
  code: DefinitionErrorCode;
  diagnostics: readonly Diagnostic[];
}

// main.js calls this function for the main thread only, so each worker calls it too.
useBundledPackages();

export default async function answer({ question, given }: AnalysisTask): Promise<AnalysisResult> {
  const { DefinitionError } = await import('../definitions/errors.ts');
  try {
    return { value: await compute(question, given), held: memoryInUse() };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    const { code, diagnostics } = error;
    return { refused: { code, diagnostics }, held: memoryInUse() };
  }
}

async function compute(question: AnalysisTask['question'], given: unknown[]): Promise<unknown> {
  if (question === 'folder') {
    const { serveFolder } = await import('./folder-worker.ts');
    return await serveFolder(...(given as [MessagePort, FolderOrder]));
  }
  const { QUESTIONS } = await import('../definitions/questions.ts');
  const work = QUESTIONS[question] as (...given: unknown[]) => unknown;
  return work(...given);
}

function memoryInUse(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}

/**
 * Piscina loads this file by `require`. Without this name, Node makes a second module from the file. In a test, Node
 * aborted the whole process at that point ("Assertion failed: facade->InstantiateModule"), probably because the thread
 * was being ended; we could not make it happen again.
 */
export { answer as 'module.exports' };
