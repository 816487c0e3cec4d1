/** The interface of the gate, which decides on pushes. */
import type { ObjectReader } from '../types.ts';
import type { Command } from '../wire/push.ts';
import type { RefResult } from '../wire/report.ts';

export type { Command, RefResult };

/** Why a command is refused. `reason` is short, because git prints it after the ref's name. */
export interface Refusal {
  ref: string;
  reason: string;
  /** What the pusher can do instead, as `remote:` lines. */
  lines?: string[];
}

/** A push whose objects are whole, sound and within limits, in quarantine. */
export interface Push {
  /** The admitted commands. Each `from` is the ref's value when the push began. */
  commands: Command[];
  options: string[];
  /** The client asks for all of the push or nothing. */
  atomic: boolean;
  /** Reads the repository and the pushed objects, before and after `keep`. */
  objects: ObjectReader;
  /** Moves the pushed objects into the repository, durable on return. Required before a ref can point to them. */
  keep(): Promise<void>;
  /** A line that the pusher sees as `remote: …`. */
  say(line: string): void;
}

export interface PushGate {
  /** Called before any object is read. Commands without a refusal continue. */
  admit(commands: Command[], options: string[]): Promise<Refusal[]>;
  /**
   * Moves the refs durably and returns the result of each command. If it throws `ref_conflict` or `too_large`, every
   * command is refused; any other error fails the request.
   */
  receive(push: Push): Promise<RefResult[]>;
  /** The refusal of a command whose ref has moved since the pusher read it. */
  refuseMoved(command: Command): Promise<Omit<Refusal, 'ref'>>;
}
