/** Messages between the bench and the processes of simulated computers. */

export interface Computer {
  token: string;
  /** ETag of the computer's last list of definitions. */
  etag: string;
}

/** Sent to a process: the computers that it simulates. */
export interface Start {
  url: string;
  /** Name of the definition that will change. */
  name: string;
  /** The version that each computer has. */
  has: string;
  computers: Computer[];
  /** Whether they fetch each new version, as lab computers do, or only listen. */
  fetches: boolean;
}

/**
 * For an event that reached all computers of a process: when the first and the last received it, and when the
 * last had finished.
 */
export interface Reached {
  firstHeard: number;
  lastHeard: number;
  done: number;
}

/** Sent by a process: all its streams are open, or the times of the next event. */
export type Message = { kind: 'ready' } | ({ kind: 'reached' } & Reached);

/** Milliseconds since 1970, with fractions. Comparable between processes on one machine. */
export const now = (): number => performance.timeOrigin + performance.now();
