/** A list of tokens under construction, with the first error found so far. */

import type { Fault, Feature, TokenFault } from './faults.ts';

/**
 * Tokens in parallel arrays. The type of an operator or keyword is its text. The other types are `name`, `number`,
 * `string`, `newline`, `indent`, `dedent` and `end`. An f- or t-string is `fstart`, then `fmiddle` and the tokens of
 * its replacement fields, then `fend`.
 */
export interface Tokens {
  readonly types: readonly string[];
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly fault: TokenFault | null;
  readonly features: Feature[];
  /** The bracket that is still open at the end of the text. */
  readonly unclosed: Fault | null;
}

export class TokenList implements Tokens {
  readonly types: string[] = [];
  readonly from: number[] = [];
  readonly to: number[] = [];
  readonly features: Feature[] = [];
  fault: TokenFault | null = null;
  protected readonly text: string;
  protected at = 0;
  protected readonly brackets: { sign: string; at: number }[] = [];

  constructor(text: string) {
    this.text = text;
  }

  get unclosed(): Fault | null {
    const last = this.brackets.at(-1);
    return last
      ? { from: last.at, to: last.at + 1, message: `'${last.sign}' was never closed` }
      : null;
  }

  protected push(type: string, from: number, to: number): void {
    this.types.push(type);
    this.from.push(from);
    this.to.push(to);
  }

  protected fail(from: number, message: string, to = from + 1): void {
    this.fault ??= { from, to, message, late: false };
  }

  protected failLate(from: number, message: string): void {
    this.fault ??= { from, to: from + 1, message, late: true };
  }

  protected take(sign: string): void {
    this.push(sign, this.at, this.at + sign.length);
    this.at += sign.length;
  }
}
