/** What Python says to a text that it does not take, and what it takes only from some version on. */

/** A place in a text where reading it ends; offsets in UTF-16 code units, `to` exclusive. */
export interface Fault {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** A fault of the tokenizer. */
export interface TokenFault extends Fault {
  /** It counts only where the parser comes so far; other ones go before whatever the parser finds. */
  readonly late: boolean;
}

/** Syntax that older versions of Python 3 do not know: `[3, 12]` is the first that does, as its minor `12`. */
export interface Feature {
  readonly from: number;
  readonly to: number;
  readonly minor: number;
  /** What it is, for a sentence that begins with it. */
  readonly what: string;
}
