/** How services ask about definitions without holding up everybody else's requests. */
import type { Answer, Given, Question } from '../definitions/questions.ts';
import { Problem, type ProblemCode } from '../errors.ts';

export interface Analysis {
  /**
   * The answer, worked out beside the thread that serves requests. `account` is who waits for it: accounts take turns.
   * Throws `Problem` `too_costly` where it takes more time or memory than one answer may, `too_many_requests` where the
   * account has too many waiting already, and `unavailable` where the registry has or is being stopped.
   */
  ask<Q extends Question>(account: string, question: Q, ...given: Given<Q>): Promise<Answer<Q>>;
}

export interface AnalysisRooms {
  analysis: Analysis;
}

const UNREAD: readonly ProblemCode[] = ['too_costly', 'too_many_requests', 'unavailable'];

/** Whether there was no answer, and the message says why and what to do. */
export const isUnread = (error: unknown): error is Problem =>
  error instanceof Problem && UNREAD.includes(error.code);
