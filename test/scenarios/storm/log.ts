/**
 * What everybody did and what was answered, with times: input of the invariants, and printed after a failure.
 */
export interface Entry {
  /** Milliseconds since 1970, by the clock that the registry uses too. */
  start: number;
  end: number;
  worker: number;
  who: string;
  what: string;
  target: string;
  /** Number of a merge request. */
  mergeRequest?: number;
  /** The commit that was pushed or read. */
  commit?: string;
  /** Other parameters of the request. */
  asked?: object;
  /** HTTP status, or `ok` and `refused` of git. */
  answer: number | 'ok' | 'refused' | 'failed';
  said: string;
}

export type Log = Entry[];

export const isDone = ({ answer }: Entry): boolean =>
  answer === 'ok' || (typeof answer === 'number' && answer < 300);

export const isMerge = ({ what }: Entry): boolean => what === 'merge' || what === 'break the glass';

/** The verdict of a review. */
export const verdictOf = ({ asked }: Entry): string | undefined =>
  (asked as { verdict?: string } | undefined)?.verdict;

/** The history of one definition, one line per entry. */
export function historyOf(log: Log, name: string): string {
  const start = log[0]?.start ?? 0;
  return log
    .filter(({ target }) => target === name)
    .sort((a, b) => a.start - b.start)
    .map(
      ({ start: from, end, worker, who, what, mergeRequest, commit, asked, answer, said }) =>
        `${from - start}-${end - start} #${worker} ${who} ${what}` +
        `${mergeRequest ? ` !${mergeRequest}` : ''}${commit ? ` ${commit.slice(0, 10)}` : ''}` +
        `${asked ? ` ${JSON.stringify(asked)}` : ''}: ${answer} ${said.replace(/\s+/g, ' ').slice(0, 200)}`,
    )
    .join('\n');
}
