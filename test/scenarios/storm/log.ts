/**
 * What each person did, and the answer, with times. The invariants read this log, and it is printed after a failure.
 */
export interface Entry {
  /** Milliseconds since 1970, by the clock that the registry also uses. */
  start: number;
  end: number;
  worker: number;
  who: string;
  what: string;
  target: string;
  /** The number of the merge request. */
  mergeRequest?: number;
  /** The commit that was pushed or read. */
  commit?: string;
  /** Other parameters of the request. */
  body?: object;
  /** The HTTP status, or for git `ok`, `refused` or `failed`. */
  answer: number | 'ok' | 'refused' | 'failed';
  detail: string;
}

export type Log = Entry[];

export const isDone = ({ answer }: Entry): boolean =>
  answer === 'ok' || (typeof answer === 'number' && answer < 300);

export const isMerge = ({ what }: Entry): boolean => what === 'merge' || what === 'break the glass';

/** The verdict of a review. */
export const verdictOf = ({ body }: Entry): string | undefined =>
  (body as { verdict?: string } | undefined)?.verdict;

/** The history of one definition, one line per entry. */
export function historyOf(log: Log, name: string): string {
  const start = log[0]?.start ?? 0;
  return log
    .filter(({ target }) => target === name)
    .sort((a, b) => a.start - b.start)
    .map(
      ({ start: from, end, worker, who, what, mergeRequest, commit, body, answer, detail }) =>
        `${from - start}-${end - start} #${worker} ${who} ${what}` +
        `${mergeRequest ? ` !${mergeRequest}` : ''}${commit ? ` ${commit.slice(0, 10)}` : ''}` +
        `${body ? ` ${JSON.stringify(body)}` : ''}: ${answer} ${detail.replace(/\s+/g, ' ').slice(0, 200)}`,
    )
    .join('\n');
}
