/**
 * The history: what clients sent and what the registry answered. It is kept in a file outside the data folder, so that
 * it survives the registry, and so that somebody can read it after a failed run.
 */
import { appendFileSync } from 'node:fs';

/** `unknown`: the connection was cut, or the registry failed. The change is there whole, or not at all. */
export type Answer = 'done' | 'refused' | 'unknown';

export interface Sent {
  what: string;
  /** The name of the definition, or nothing. */
  about: string;
  /** A word that only this change contains. The database stores it, so the change can be recognised. */
  mark: string;
  /** The keys of everything that the change makes (`Thing` in found.ts). */
  makes: string[];
  /** The keys of everything that the change removes. */
  removes?: string[];
  /** The blob of the definition's file, if the change contains the file. */
  blob?: string;
}

export interface Answered {
  answer: Answer;
  detail: string;
  /** The version that the answer names. */
  version?: number;
}

export interface Entry extends Sent, Answered {
  /** Places in the order of everything that was sent and answered. Without an answer, `end` is infinite. */
  start: number;
  end: number;
}

export class History {
  readonly entries: Entry[] = [];
  readonly file: string;
  #places = 0;
  #marks = 0;

  constructor(file: string) {
    this.file = file;
  }

  /** All marks have the same length, so that no mark is a part of another. */
  mark(): string {
    this.#marks += 1;
    return `m${String(this.#marks).padStart(6, '0')}`;
  }

  begin(sent: Sent): Entry {
    const entry: Entry = {
      ...sent,
      answer: 'unknown',
      detail: '',
      start: ++this.#places,
      end: Number.POSITIVE_INFINITY,
    };
    this.entries.push(entry);
    this.#write({ start: entry.start, ...sent });
    return entry;
  }

  end(entry: Entry, answered: Answered): void {
    Object.assign(entry, answered, { end: ++this.#places });
    this.#write({ start: entry.start, end: entry.end, ...answered });
  }

  #write(line: object): void {
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }

  /** How many changes were acknowledged. */
  get done(): number {
    return this.entries.filter(({ answer }) => answer === 'done').length;
  }
}
