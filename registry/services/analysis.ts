/**
 * The interface to the analysis workers. Services ask questions about definitions here, and the workers compute the
 * answers without blocking other requests.
 */

import type { ReadContent } from '../definitions/content.ts';
import type { Loads } from '../definitions/extract/loads.ts';
import type {
  Extracted,
  Extraction,
  ExtractOptions,
  OnReading,
  Skipped,
} from '../definitions/extract/types.ts';
import type { Answer, Given, Question } from '../definitions/questions.ts';
import type { ImportPolicy, Validation } from '../definitions/types.ts';
import { Problem, type ProblemCode } from '../errors.ts';

export interface Analysis {
  /**
   * Answers a question in a worker. `account` is the account that waits for the answer, because accounts take turns.
   * Throws a `Problem`: `too_costly` if the answer takes too much time or memory, `too_many_requests` if this account
   * has too many waiting questions, `unavailable` if all accounts together have too many or the registry is stopping.
   */
  ask<Q extends Question>(account: string, question: Q, ...given: Given<Q>): Promise<Answer<Q>>;

  /**
   * Starts to read a folder. Another folder waits until `end` is called for this one. Throws the errors of `ask`, and
   * `conflict` if a file changes in the meantime.
   */
  readFolder(account: string, order: FolderOrder, onProgress?: OnReading): Promise<FolderReading>;
}

/** A folder of Python files, and the options for finding definitions in it. */
export interface FolderOrder extends Omit<ExtractOptions, 'onProgress'> {
  root: string;
  /** The files to read: the path of each below `root`, and its size in bytes. */
  files: readonly { path: string; size: number }[];
  /** The import policy for the validation of the definitions. */
  policy: ImportPolicy;
}

/** A definition that was found in a folder, the result of its validation, and the content of its files. */
export interface ReadDefinition {
  definition: Extracted;
  validation: Validation;
  loads: Loads;
  content: ReadContent;
}

/** A folder that is being read. All functions except `end` throw if reading fails. */
export interface FolderReading extends Pick<Extraction, 'names' | 'unmet'> {
  /** The next definition. Undefined after the last definition. */
  next(): Promise<ReadDefinition | undefined>;
  /** What the reading left out, and why. Call `skipped` after the last definition. */
  skipped(): Promise<Skipped[]>;
  /** Frees the worker for the next folder. No other function may be called afterwards. */
  end(): Promise<void>;
}

export interface AnalysisDeps {
  analysis: Analysis;
}

const UNREAD: readonly ProblemCode[] = ['too_costly', 'too_many_requests', 'unavailable'];

/** Whether the error means that the workers gave no answer. The error message says why, and what to do. */
export const isUnread = (error: unknown): error is Problem =>
  error instanceof Problem && UNREAD.includes(error.code);
