/** How services ask about definitions without holding up everybody else's requests. */

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
   * The answer, worked out beside the thread that serves requests. `account` is who waits for it: accounts take turns.
   * Throws `Problem` `too_costly` where it takes more time or memory than one answer may, `too_many_requests` where the
   * account has too many waiting already, and `unavailable` where the registry has or is being stopped.
   */
  ask<Q extends Question>(account: string, question: Q, ...given: Given<Q>): Promise<Answer<Q>>;

  /**
   * Begins to read a folder; the next one waits until this one has ended. Throws as `ask` does, and `conflict` where a
   * file changes meanwhile.
   */
  readFolder(account: string, order: FolderOrder, onProgress?: OnReading): Promise<FolderReading>;
}

/** A folder of Python files, and how definitions are found in it. */
export interface FolderOrder extends Omit<ExtractOptions, 'onProgress'> {
  root: string;
  /** Below the root, with their sizes in bytes. */
  files: readonly { path: string; size: number }[];
  /** What its definitions are judged by. */
  policy: ImportPolicy;
}

/** A definition found in a folder, whether it is valid, and what its files hold. */
export interface ReadDefinition {
  definition: Extracted;
  validation: Validation;
  loads: Loads;
  content: ReadContent;
}

/** A folder that is being read. What goes wrong in it is thrown by each of these but `end`. */
export interface FolderReading extends Pick<Extraction, 'names' | 'unmet'> {
  /** The next definition; undefined after the last one. */
  next(): Promise<ReadDefinition | undefined>;
  /** Why the rest is not there; to be asked after the last definition. */
  skipped(): Promise<Skipped[]>;
  /** Lets the next folder begin; nothing can be asked any more. */
  end(): Promise<void>;
}

export interface AnalysisDeps {
  analysis: Analysis;
}

const UNREAD: readonly ProblemCode[] = ['too_costly', 'too_many_requests', 'unavailable'];

/** Whether there was no answer, and the message says why and what to do. */
export const isUnread = (error: unknown): error is Problem =>
  error instanceof Problem && UNREAD.includes(error.code);
