/** What the processes of the simulated computers and the bench say to each other. */

export interface Computer {
  token: string;
  /** Of the list of definitions, as the computer had it last. */
  etag: string;
}

/** To a process: these are its computers. */
export interface Start {
  url: string;
  /** Of the definition that will change. */
  name: string;
  /** The version that each has. */
  has: string;
  computers: Computer[];
  /** Whether they fetch what they hear of, as lab computers do; otherwise they only listen. */
  fetches: boolean;
}

/** Of an event that all computers of a process have heard of: when the first did, the last did, and the last was done. */
export interface Reached {
  firstHeard: number;
  lastHeard: number;
  done: number;
}

/** From a process: all its streams stand; or what became of the next event. */
export type Said = { kind: 'ready' } | ({ kind: 'reached' } & Reached);

/** Milliseconds since 1970, with fractions: comparable between processes of one machine. */
export const now = (): number => performance.timeOrigin + performance.now();
