/** Mutated programs: pieces are removed, inserted, doubled or moved. */

const INSERTED =
  `yield|return|break|continue|await x|async|nonlocal a|global a|*a|**a|lambda:|:=|=|==|:|,|;|(|)|[|]|{|}|not|in|is|
  if|else|for x in y|import a|from a import *|from __future__ import annotations|def f(a, a): pass|class A[T]: pass|type X = int|
  match a:|case _:|try:|except:|except* E:|finally:|with a as b:|@a|del a|assert a|raise|pass|None|True|__debug__ = 1|f"{|f"{a!x}"|
  f"{a:{b}}"|t"{a}"|b"é"|"\\x"|"\\N{DIGIT ONE}"|0777|1_|0x|1if a else b|…|\u00a0|\u201c|$|?|!|\\|\\\n|\n|\n\n|\n\t|\n |\n    |\n        |\f|\r|\r\n|\t|#`
    .replace(/\|\n\s+/g, '|')
    .split('|');
const PIECE = /[A-Za-z_]\w*|\d+|"""|'''|["']|\n[ \t]*|[ \t]+|./gs;

/** An endless stream of mutated programs. The seed determines them. */
export function* mutants(programs: readonly string[], seed: number): Generator<string> {
  let state = seed >>> 0 || 1;
  const below = (limit: number): number => {
    // xorshift32 (Marsaglia 2003)
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const pieces = programs.map((text) => text.match(PIECE) ?? []);
  for (;;) {
    const all = pieces[below(pieces.length)] as string[];
    const from = below(all.length);
    // Most mutants are only a passage of a program, so that one fault does not hide among others and each judgement is
    // fast.
    const some = below(3)
      ? all.slice(lineAt(all, from), lineAt(all, from + 20 + below(200)))
      : [...all];
    for (let left = 1 + below(2); left > 0; left--) mutate(some, below);
    yield some.join('');
  }
}

function lineAt(pieces: readonly string[], from: number): number {
  for (let at = from; at > 0; at--) if (pieces[at] === '\n') return at;
  return 0;
}

function mutate(pieces: string[], below: (limit: number) => number): void {
  const at = below(pieces.length + 1);
  const other = below(pieces.length + 1);
  switch (below(5)) {
    case 0:
      pieces.splice(at, 1);
      return;
    case 1:
      pieces.splice(at, 0, pieces[other] ?? '');
      return;
    case 2: {
      const [one, two] = [pieces[at] ?? '', pieces[other] ?? ''];
      if (at < pieces.length) pieces[at] = two;
      if (other < pieces.length) pieces[other] = one;
      return;
    }
    default:
      pieces.splice(
        at,
        0,
        ` ${INSERTED[below(INSERTED.length)]} `.slice(below(2), below(2) ? -1 : undefined),
      );
  }
}
