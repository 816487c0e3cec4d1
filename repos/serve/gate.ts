/** What the git layer asks of whoever decides about pushes. */
import type { ObjectReader } from '../types.ts';
import type { Command } from '../wire/push.ts';
import type { RefResult } from '../wire/report.ts';

export type { Command, RefResult };

/** Why one command is turned down, in a few words: git prints them behind the ref's name. */
export interface Refusal {
  ref: string;
  reason: string;
  /** What the pusher can do instead, as `remote:` lines. */
  lines?: string[];
}

/** A push whose objects are whole, sound and within limits, in quarantine. */
export interface Push {
  /** Those that were admitted; each `from` is what the ref was when the push began. */
  commands: Command[];
  options: string[];
  /** The client wants all of it or nothing. */
  atomic: boolean;
  /** Reads the repository and the pushed objects, before and after `keep`. */
  objects: ObjectReader;
  /** Moves the pushed objects into the repository, durable on return; needed before a ref may name them. */
  keep(): Promise<void>;
  /** A line that the pusher sees as `remote: …`. */
  say(line: string): void;
}

export interface PushGate {
  /** Asked before any object is read. Commands without a refusal go on. */
  admit(commands: Command[], options: string[]): Promise<Refusal[]>;
  /**
   * Moves the refs, durably, and tells of each command what became of it. A `ref_conflict` or `too_large` that it
   * throws refuses every command; any other error fails the request.
   */
  receive(push: Push): Promise<RefResult[]>;
  /** What to tell of a command whose ref is not, or no longer, where its pusher saw it. */
  overtaken(command: Command): Promise<Omit<Refusal, 'ref'>>;
}
