/** Types for errors in a Python text, and for syntax that needs a certain version of Python. */

/** A place where parsing stops. Offsets are in UTF-16 code units, `to` is exclusive. */
export interface Fault {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** An error of the tokenizer. */
export interface TokenFault extends Fault {
  /**
   * Whether the error counts only if the parser gets as far as this place. All other errors of the tokenizer come
   * before errors of the parser.
   */
  readonly late: boolean;
}

/**
 * Syntax that older versions of Python 3 do not support. `minor` is the first minor version that supports the syntax:
 * `12` for 3.12.
 */
export interface Feature {
  readonly from: number;
  readonly to: number;
  readonly minor: number;
  /** A name for the syntax that can begin a sentence. */
  readonly what: string;
}
