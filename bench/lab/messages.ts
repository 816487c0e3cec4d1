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
}

/** From a process: all its streams stand; or, per update, when it first heard of it and when its last computer had it. */
export type Said =
  | { kind: 'ready' }
  | { kind: 'updated'; firstHeard: number; lastHad: number; bytes: number };

/** Milliseconds since 1970, with fractions: comparable between processes of one machine. */
export const now = (): number => performance.timeOrigin + performance.now();
