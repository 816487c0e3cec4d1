/**
 * A property that is given twice in JSON. `JSON.parse` keeps the last one; a proxy, a log or a reviewer may have read the first (RFC
 * 8259, section 4). No kept parser refuses it (secure-json-parse is about `__proto__`), so the text is gone through once more. That takes a millisecond for a megabyte of source code, and never much more
 * than its parsing does.
 */

const [QUOTE, BACKSLASH, COMMA, COLON] = [34, 92, 44, 58];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [123, 125, 91, 93];

/** An object or a list that the scan is in: where in it, and the names that an object has had. */
interface Inside {
  at: string | number;
  names?: Set<string>;
}

/** The path of the first property that its object has already, as `owners.0.users`; undefined where there is none. `text` is JSON. */
export function repeatedKey(text: string): string | undefined {
  const inside: Inside[] = [];
  for (let i = 0; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    const last = inside.at(-1);
    if (sign === QUOTE) {
      const end = endOfString(text, i);
      if (typeof last?.at === 'string' && isBeforeColon(text, end)) {
        const name = nameOf(text, i, end);
        last.at = name;
        last.names ??= new Set();
        if (last.names.has(name)) return inside.map(({ at }) => at).join('.');
        last.names.add(name);
      }
      i = end;
    } else if (sign === OBJECT) inside.push({ at: '' });
    else if (sign === LIST) inside.push({ at: 0 });
    else if (sign === OBJECT_END || sign === LIST_END) inside.pop();
    else if (sign === COMMA && typeof last?.at === 'number') last.at += 1;
  }
  return undefined;
}

/** Where the string ends that begins at `from`: at the first quote that no odd number of backslashes is before. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}

function isBeforeColon(text: string, end: number): boolean {
  let next = end + 1;
  while (text.charCodeAt(next) <= 32) next += 1;
  return text.charCodeAt(next) === COLON;
}

/** `"\u0061"` names the same as `"a"`. */
function nameOf(text: string, from: number, end: number): string {
  const name = text.slice(from + 1, end);
  return name.includes('\\') ? JSON.parse(`"${name}"`) : name;
}
