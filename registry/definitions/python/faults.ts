/** Errors of Python in a text, and syntax that needs a certain version. */

/** A place where parsing stops; offsets in UTF-16 code units, `to` exclusive. */
export interface Fault {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** An error of the tokenizer. */
export interface TokenFault extends Fault {
  /**
   * It counts only if the parser gets this far; other tokenizer errors take precedence over errors of the
   * parser.
   */
  readonly late: boolean;
}

/**
 * Syntax that older versions of Python 3 do not support; `minor` is the minor version of the first that does:
 * `12` for 3.12.
 */
export interface Feature {
  readonly from: number;
  readonly to: number;
  readonly minor: number;
  /** A name for it that can begin a sentence. */
  readonly what: string;
}
