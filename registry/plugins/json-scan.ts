/**
 * Finds problems in JSON that `JSON.parse` does not report: too many values, repeated names, and values that cannot be
 * stored as they were sent. The scan reads the text once, in less time than parsing takes.
 */

/**
 * The most values in a body. Lists of columns need about ten thousand values. A million values would delay all other
 * requests.
 */
const MOST_VALUES = 50_000;
/** The most property names in a body. An object with many names costs ten times as much as a list with as many values. */
const MOST_NAMES = 20_000;
/** The deepest nesting, which is also the deepest for settings in a definition's header. */
const MOST_DEPTH = 100;

/** What is wrong with a property, and the path of the property, such as `owners.0.users`. */
export type Fault = Record<'path' | 'message', string>;

export interface Scan {
  /** The limit that the body exceeds, in words. The scan ends where the limit is exceeded. */
  excess?: string;
  /**
   * A property that its object has twice. `JSON.parse` keeps the last of two properties with the same name. A proxy, a
   * log or a reviewer may have read the first (RFC 8259, section 4). No maintained parser for Node.js refuses such an
   * object.
   */
  repeated?: Fault;
  /** A property that cannot be stored: its number would become null, or its value is nested too deeply. */
  unfit?: Fault;
  /** Whether a property name could change the prototype of an object. */
  isSuspicious: boolean;
}

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [123, 125, 91, 93];
const SUSPICIOUS: ReadonlySet<string> = new Set(['__proto__', 'constructor']);

/** An object or list that is being scanned: the current position in it, and the names that it has so far. */
interface Inside {
  at: string | number;
  names: Set<string> | undefined;
  isNameNext: boolean;
}

/** Scans a text. If the text is not JSON, the result means nothing, and the parser refuses the text afterwards. */
export function scanJson(text: string): Scan {
  const found: Scan = { isSuspicious: false };
  const inside: Inside[] = [];
  let [values, names] = [1, 0];
  const unfit = (message: string) => {
    if (inside[0]) found.unfit ??= { path: String(inside[0].at), message };
  };
  for (let i = 0; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (sign <= 32) continue;
    const last = inside.at(-1);
    if (sign === QUOTE) {
      const end = endOfString(text, i);
      if (last?.isNameNext) {
        if (++names > MOST_NAMES) return { ...found, excess: `${MOST_NAMES} names of properties` };
        const name = nameOf(text, i, end);
        last.at = name;
        last.isNameNext = false;
        last.names ??= new Set();
        if (last.names.has(name)) found.repeated ??= repeatedField(inside);
        last.names.add(name);
        found.isSuspicious ||= SUSPICIOUS.has(name);
      }
      i = end;
    } else if (sign === COMMA || sign === OBJECT || sign === LIST) {
      if (++values > MOST_VALUES) return { ...found, excess: `${MOST_VALUES} values` };
      if (sign === COMMA) {
        if (typeof last?.at === 'number') last.at += 1;
        else if (last) last.isNameNext = true;
        continue;
      }
      if (inside.length > MOST_DEPTH) unfit(`is nested deeper than ${MOST_DEPTH} levels`);
      const isObject = sign === OBJECT;
      inside.push({ at: isObject ? '' : 0, names: undefined, isNameNext: isObject });
    } else if (sign === OBJECT_END || sign === LIST_END) inside.pop();
    else if (isOfNumber(sign)) {
      const end = endOfNumber(text, i);
      if (isInfinite(text, i, end)) unfit('has a number that is too large to store');
      i = end - 1;
    }
  }
  return found;
}

const repeatedField = (inside: readonly Inside[]): Fault => ({
  path: inside.map(({ at }) => at).join('.'),
  message: 'is given twice: remove one of them',
});

/**
 * The number of characters of a string that are read one by one. For the rest of a longer string, `indexOf` is faster.
 */
const NEAR = 1024;

/** Finds the end of the string that begins at `from`: the first quote after an even number of backslashes. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; ) {
    const near = Math.min(at + NEAR, text.length);
    for (; at < near; at++) {
      const sign = text.charCodeAt(at);
      if (sign === QUOTE) return at;
      if (sign === BACKSLASH) at++;
    }
    const quote = text.indexOf('"', at);
    if (quote < 0) break;
    let before = quote;
    while (before > at && text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((quote - before) % 2 === 0) return quote;
    at = quote + 1;
  }
  return text.length;
}

/** Returns a property name without escapes, because `"\u0061"` is the same name as `"a"`. */
function nameOf(text: string, from: number, end: number): string {
  const name = text.slice(from + 1, end);
  if (!name.includes('\\')) return name;
  try {
    return JSON.parse(`"${name}"`);
  } catch {
    // The text is not JSON. The parser reports that.
    return name;
  }
}

/** Whether a character belongs to a number: a digit, a sign or the point. Exponents are checked separately. */
const isOfNumber = (sign: number): boolean =>
  (sign >= 48 && sign <= 57) || sign === 45 || sign === 43 || sign === 46;
const isExponent = (sign: number): boolean => sign === 69 || sign === 101;

function endOfNumber(text: string, from: number): number {
  let end = from + 1;
  for (; end < text.length; end++) {
    const sign = text.charCodeAt(end);
    if (!isOfNumber(sign) && !isExponent(sign)) break;
  }
  return end;
}

/** Whether a number would become infinite. The largest double has 309 digits, so most numbers need no conversion. */
function isInfinite(text: string, from: number, end: number): boolean {
  let canBe = end - from > 300;
  for (let at = from; at < end && !canBe; at++) canBe = isExponent(text.charCodeAt(at));
  return canBe && Math.abs(Number(text.slice(from, end))) === Number.POSITIVE_INFINITY;
}
