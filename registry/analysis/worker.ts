/** What runs in a worker: one question at a time, answered by the pure functions of `registry/definitions`. */
import { useBundledPackages } from '../bundled-packages.ts';
import type { DefinitionErrorCode } from '../definitions/errors.ts';
import type { Question } from '../definitions/questions.ts';
import type { Diagnostic } from '../definitions/types.ts';

export interface Asked {
  question: Question;
  given: unknown[];
}

export type Answered = ({ value: unknown } | { refused: Refused }) & {
  /** Bytes that the worker holds now. */
  held: number;
};

/** A `DefinitionError` as a plain value: what is cloned from thread to thread loses its class. */
export interface Refused {
  code: DefinitionErrorCode;
  diagnostics: readonly Diagnostic[];
}

// Main threads have theirs from main.js, which does not reach this one.
useBundledPackages();

export default async function answer({ question, given }: Asked): Promise<Answered> {
  const [{ QUESTIONS }, { DefinitionError }] = await Promise.all([
    import('../definitions/questions.ts'),
    import('../definitions/errors.ts'),
  ]);
  const work = QUESTIONS[question] as (...given: unknown[]) => unknown;
  try {
    return { value: work(...given), held: held() };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    const { code, diagnostics } = error;
    return { refused: { code, diagnostics }, held: held() };
  }
}

function held(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}
