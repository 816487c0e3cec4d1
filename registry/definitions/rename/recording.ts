/** Renames the class in the first line of a recording (`tests/*.jsonl`). */

/**
 * The text with the class renamed; every other byte is unchanged. If the recording names no class or another one, the
 * text is unchanged.
 */
export function renameInRecording(text: string, from: string, to: string): string {
  const [line = ''] = text.split('\n', 1);
  const value = classValue(line);
  if (!value || JSON.parse(line.slice(value.from, value.to)) !== from) return text;
  return text.slice(0, value.from) + JSON.stringify(to) + text.slice(value.to);
}

/** The position of the value of the outermost key `class`; undefined if the line is not an object with such a key. */
function classValue(line: string): { from: number; to: number } | undefined {
  try {
    const { recording, class: name } = JSON.parse(line);
    if (recording === undefined || typeof name !== 'string') return undefined;
  } catch {
    return undefined;
  }
  let depth = 0;
  let key: string | undefined;
  let found: { from: number; to: number } | undefined;
  for (const { 0: token, index } of line.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && token === ',') key = undefined;
    else if (depth === 1 && token.startsWith('"')) {
      // If a key appears twice, the last one wins, as in JSON.parse.
      if (key === 'class') found = { from: index, to: index + token.length };
      key ??= JSON.parse(token);
    }
  }
  return found;
}
