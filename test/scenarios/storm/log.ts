/** What everybody did and was told, with times: what the laws are checked against, and what a failure prints. */
export interface Entry {
  /** In milliseconds since 1970, as the registry's own clock, which is the same. */
  start: number;
  end: number;
  worker: number;
  who: string;
  what: string;
  target: string;
  /** Number of a merge request. */
  mergeRequest?: number;
  /** Commit that was pushed or looked at. */
  commit?: string;
  /** What else was asked. */
  asked?: object;
  /** HTTP status, or `ok` and `refused` of git. */
  answer: number | 'ok' | 'refused' | 'failed';
  said: string;
}

export type Log = Entry[];

export const isDone = ({ answer }: Entry): boolean =>
  answer === 'ok' || (typeof answer === 'number' && answer < 300);

export const isMerge = ({ what }: Entry): boolean => what === 'merge' || what === 'break the glass';

/** What somebody said in a review. */
export const verdictOf = ({ asked }: Entry): string | undefined =>
  (asked as { verdict?: string } | undefined)?.verdict;

/** All that happened to one definition, a line each. */
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
