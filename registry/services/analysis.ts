/**
 * The port to the analysis workers: services ask questions about definitions without blocking other requests.
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
   * The answer, computed outside the request thread. `account` is the account that waits; accounts take
   * turns. Throws `Problem` `too_costly` if it takes more time or memory than one answer may,
   * `too_many_requests` if the account has too many questions waiting, and `unavailable` if the registry has,
   * or is being stopped.
   */
  ask<Q extends Question>(account: string, question: Q, ...given: Given<Q>): Promise<Answer<Q>>;

  /**
   * Begins to read a folder; the next one waits until this one has ended. Throws like `ask`, and `conflict`
   * if a file changes meanwhile.
   */
  readFolder(account: string, order: FolderOrder, onProgress?: OnReading): Promise<FolderReading>;
}

/** A folder of Python files, and how definitions are found in it. */
export interface FolderOrder extends Omit<ExtractOptions, 'onProgress'> {
  root: string;
  /** Below the root, with their sizes in bytes. */
  files: readonly { path: string; size: number }[];
  /** The policy that its definitions are checked against. */
  policy: ImportPolicy;
}

/** A definition found in a folder, whether it is valid, and the content of its files. */
export interface ReadDefinition {
  definition: Extracted;
  validation: Validation;
  loads: Loads;
  content: ReadContent;
}

/** A folder that is being read. All functions except `end` throw if reading fails. */
export interface FolderReading extends Pick<Extraction, 'names' | 'unmet'> {
  /** The next definition; undefined after the last one. */
  next(): Promise<ReadDefinition | undefined>;
  /** What was left out and why; call it after the last definition. */
  skipped(): Promise<Skipped[]>;
  /** Lets the next folder begin; no other function may be called afterwards. */
  end(): Promise<void>;
}

export interface AnalysisDeps {
  analysis: Analysis;
}

const UNREAD: readonly ProblemCode[] = ['too_costly', 'too_many_requests', 'unavailable'];

/** Whether there was no answer; the message says why and what to do. */
export const isUnread = (error: unknown): error is Problem =>
  error instanceof Problem && UNREAD.includes(error.code);
