/** Renames the class in the first line of a recording (`tests/*.jsonl`). */

/**
 * The text with the class renamed and every other byte unchanged; the same text if it names another class or
 * none.
 */
export function renameInRecording(text: string, from: string, to: string): string {
  const [line = ''] = text.split('\n', 1);
  const value = classValue(line);
  if (!value || JSON.parse(line.slice(value.from, value.to)) !== from) return text;
  return text.slice(0, value.from) + JSON.stringify(to) + text.slice(value.to);
}

/** The position of the outermost string `class`, if the line is an object that has one. */
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
      // The last duplicate key wins, as in JSON.parse.
      if (key === 'class') found = { from: index, to: index + token.length };
      key ??= JSON.parse(token);
    }
  }
  return found;
}
