/** Programs in unusual layouts. A layout means the same to Python, but often not to other parsers. */

const PIECES: Record<string, string> = {
  'a line with only a form feed': 'class A(B):\n    x = 1\n\f\n    def f(self): pass\n',
  'a form feed before the indentation': 'class A(B):\n    x = 1\n   \f    def f(self): pass\n',
  'a form feed in the line': 'class A(B):\n    x =\f1\n    def f(self):\f pass\n',
  'tabs and more tabs': 'if a:\n\tif b:\n\t\tc()\n\td()\n',
  'a tab behind spaces': 'if a:\n  \tb()\n  \tif c:\n  \t  d()\n',
  'comments at odd columns':
    'class A:\n        # deep\n    x = 1\n  # between\n# left\n    def f(self): pass\n            # behind\n',
  'a continuation before a class': '\\\nclass A(B): pass\n',
  'a continuation in the indentation': 'if a:\n    \\\nb()\n    c()\n',
  'a continuation in the indentation, deeper': 'if a:\n  \\\n      b()\n  c()\n',
  'continuations between all tokens': 'class \\\nA \\\n( \\\nB ) \\\n: \\\nx \\\n= \\\n1\n',
  'a continuation before a comment line': 'x = 1 + \\\n  2  # two\n',
  'line ends of old Macs': 'class A:\r    x = 1\r\r    def f(self):\r        pass\r',
  'line ends of all kinds': 'class A:\r\n    x = 1\r    def f(self):\n        pass\r\n',
  'no line end at the end': 'class A:\n    def f(self):\n        pass',
  'spaces at the end': 'if a:\n    b()\n    ',
  'a comment at the end': 'if a:\n    b()\n    # c',
  semicolons: 'a = 1; b = 2;\nif a: b(); c();\n',
  'soft keywords as names':
    'match = case = type = _ = print = 1\nmatch(x)\nmatch[x]\nmatch.x\nmatch -x\nmatch * x\ntype(x)\ntype[x]\nprint\ncase = match or type\n',
  'soft keywords as keywords':
    'match match:\n  case case: pass\nmatch (x):\n  case [a, *_]: pass\nmatch a, b:\n  case A(x=1) | {"k": 1, **r} as y if y: pass\ntype type[T: int, *U, **P] = T\n',
  'Python 2 in Python 3': 'print -1\nprint (a), b\nexec("x")\nprint >>f, x\n',
  'nested f-strings':
    'x = f"{f"{f"{1}"}" + "}"!r:>{f"{2}"}} {{ {a["b"]=} {lambda_(x):{y}}" f\'\'\'{\n  b  # c\n}\'\'\'\n',
  't-strings': 'x = t"{a} {b!r:>{c}}" t\'{d}\'\n',
  groups: 'try: pass\nexcept* (A, B) as e: pass\ntry: pass\nexcept A, B: pass\n',
  decorators:
    '@a[0](b)(c).d\n@(yield_ := e)\n@lambda f: f\nclass A: pass\n@a\n# comment\n\n@b.c(1)\nasync def f(): pass\n',
  'lambdas and defaults':
    'x = lambda a, /, b=(lambda: 1), *c, d, **e: (a, b)\ndef f(a, b=lambda: {1: 2}, /, *, c: int = 1) -> {1: 2}: pass\n',
  stars:
    '*a, (b, *c), [d] = *e, f\nx[*a, 1:2] = {**b, "c": [*d]}\ndef f(*args: *Ts): return *a, b\nfor x, *y in *a, b: pass\n',
  walrus: 'if (a := b) and [c := d, e]: x[f := 1] = {g := 2}\nf((h := 3), i=(j := 4))\n',
  numbers: 'x = [1., .5, 1.e-3, 1_0.0_1e+1_0j, 0xFF_ff, 0o17, 0b1_0, 00, 1if a else 2]\n',
  precedence:
    'x = not a and b or not c == d | -e ** -f @ g\ny = a if b else c if d else e\nasync def f(): await a ** 2 + await b\n',
  'with in brackets':
    'with (a as b, c() as (d, e),): pass\nwith (a, b): pass\nwith (yield_): pass\nwith (a) as b, c: pass\n',
  comprehensions:
    'async def f(): return [a async for a in b if c if d for e in f], {a: b for a, in c}, {a for [a] in b}, (await a for a in b)\n',
  'names beyond ASCII': 'Größe = µ = ª = 𝔘𝔫𝔦 = ﬁ = 1\nclass Ⅷ(名.前): pass\n',
  astral: 'x = "😀" + f"😀{a.b}" ; y = a.c\n',
};

/** Each piece alone, in a method of a class, and before and after real programs. */
export function layouts(programs: readonly string[]): [name: string, text: string][] {
  const single = Object.entries(PIECES);
  const joined = single.flatMap(([name, piece]): [string, string][] =>
    programs.map((program, at) => [
      `${name}, around program ${at}`,
      `${piece}\n${program}\n${piece}`,
    ]),
  );
  return [...single, ...joined];
}
