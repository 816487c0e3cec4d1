/** The interface of the gate: the code outside `repos` that decides on pushes. */
import type { Incoming } from '../types.ts';
import type { Command } from '../wire/push.ts';
import type { RefResult } from '../wire/report.ts';

export type { Command, RefResult };

/** Refuses one command of a push. `reason` must be short, because git prints it after the ref's name. */
export interface Refusal {
  ref: string;
  reason: string;
  /** Lines that tell the pusher what to do instead. Git prints each line after `remote:`. */
  lines?: string[];
}

/** A push with checked objects: they are complete, sound and within limits, but not in the repository yet. */
export interface Push extends Incoming {
  /** The admitted commands. Each `from` is the ref's value when the push began. */
  commands: Command[];
  options: string[];
  /** Whether the client wants either all refs to move or none. */
  atomic: boolean;
  /** Sends the pusher a line, which git prints as `remote: …`. */
  say(line: string): void;
}

export interface PushGate {
  /** Returns the commands to refuse, before any object is read. The others continue. */
  admit(commands: Command[], options: string[]): Promise<Refusal[]>;
  /**
   * Moves the refs durably and returns the result of each command. If this method throws `ref_conflict` or `too_large`,
   * every command is refused. After any other error the request fails.
   */
  receive(push: Push): Promise<RefResult[]>;
  /** Describes the refusal of a command because its ref has moved since the pusher read it. */
  refuseMoved(command: Command): Promise<Omit<Refusal, 'ref'>>;
}
