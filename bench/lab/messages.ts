/** Messages between the bench and the processes of simulated computers. */

export interface Computer {
  token: string;
  /** The ETag of the computer's last sync list. */
  etag: string;
}

/** The message that the bench sends to a process that simulates computers. */
export interface Start {
  url: string;
  /** The name of the definition that will change. */
  name: string;
  /** The version that each computer has at the start. */
  has: string;
  computers: Computer[];
  /** If true, the computers fetch each new version, as lab computers do. If false, the computers only listen. */
  fetches: boolean;
}

/**
 * The times of an event that reached all computers of a process: when the first and the last computer received it, and
 * when the last one had finished.
 */
export interface Reached {
  firstHeard: number;
  lastHeard: number;
  done: number;
}

/** The message that such a process sends when all its streams are open, and then with the times of each event. */
export type Message = { kind: 'ready' } | ({ kind: 'reached' } & Reached);

/** Milliseconds since 1970, with fractions. All processes on one machine measure these times with the same clock. */
export const now = (): number => performance.timeOrigin + performance.now();
