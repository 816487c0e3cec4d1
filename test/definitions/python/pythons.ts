/**
 * The Python oracles: CPython 3.14 in WebAssembly, which is the same on every machine, and the Pythons that are
 * installed on this machine.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPyodide } from 'pyodide';

const SCRIPT = fileURLToPath(new URL('judge.py', import.meta.url));

export type Verdict = [
  kind: 'valid' | 'invalid' | 'limit',
  line: number | null,
  column: number | null,
  message: string,
  warnings: [line: number, message: string][],
];

/** A node of a syntax tree: kind, line, column, end line, end column, and other compared values. */
export type Seen = [string, number, number, number, number, ...string[]];

export interface Judge {
  readonly version: string;
  verdicts(sources: readonly Uint8Array[]): Verdict[];
  skeletons(sources: readonly Uint8Array[]): (Seen[] | null)[];
}

type Ask = (request: object) => unknown;

function judge(version: string, ask: Ask): Judge {
  const sent = (sources: readonly Uint8Array[]): string[] =>
    sources.map((bytes) => Buffer.from(bytes).toString('base64'));
  return {
    version,
    verdicts: (sources) => ask({ ask: 'verdicts', sources: sent(sources) }) as Verdict[],
    skeletons: (sources) => ask({ ask: 'skeletons', sources: sent(sources) }) as (Seen[] | null)[],
  };
}

/** The newest CPython, which decides whether a text is valid. */
export async function newest(): Promise<Judge> {
  const python = await loadPyodide();
  const globals = python.toPy({ __name__: 'judge' });
  const run = (code: string) => python.runPython(code, { globals }) as string;
  run(readFileSync(SCRIPT, 'utf8'));
  return judge(run('".".join(map(str, sys.version_info[:2]))'), (request) => {
    globals.set('request', JSON.stringify(request));
    return JSON.parse(run('json.dumps(answer(json.loads(request)))'));
  });
}

/** A Python of this machine; null if the command does not exist. */
export function onMachine(command: string): (Judge & { folder: string; ask: Ask }) | null {
  const probe =
    'import os, sys, sysconfig; print(*sys.version_info[:2], sep=".", end=" "); print(sysconfig.get_path("stdlib"))';
  const { status, stdout } = spawnSync(command, ['-I', '-c', probe], { encoding: 'utf8' });
  if (status !== 0) return null;
  const [version = '', folder = ''] = stdout.trim().split(' ');
  const ask: Ask = (request) => {
    const child = spawnSync(command, ['-I', '-X', 'utf8', SCRIPT], {
      input: JSON.stringify(request),
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
    if (child.status !== 0) throw new Error(child.stderr);
    return JSON.parse(child.stdout);
  };
  return { ...judge(version, ask), folder, ask };
}

/** Files of CPython's own tests. The strings in these files contain much valid and invalid Python. */
const TESTS =
  `test_syntax test_grammar test_exceptions test_symtable test_named_expressions test_fstring test_tstring
  test_patma test_type_params test_unparse test_ast test_ast/test_ast test_eof test_tokenize test_scope test_future
  test_future_stmt/test_future test_global test_compile test_string_literals test_unicode_identifiers test_with
  test_except_star test_positional_only_arg test_coroutines test_generators test_genexps test_listcomps test_decorators
  test_keywordonlyarg test_int test_complex test_float test_bytes test_unpack_ex test_dictcomps test_setcomps
  test_type_aliases test_type_annotations test_peg_generator/test_pegen test_source_encoding test_class test_asyncgen`
    .split(/\s+/)
    .map((name) => `${name}.py`);

/** The strings and examples in CPython's tests; empty if this Python was installed without them. */
export function snippetsOf({ folder, ask }: { folder: string; ask: Ask }): Uint8Array[] {
  const found = ask({ ask: 'snippets', folder: `${folder}/test`, names: TESTS }) as string[];
  return found.map((one) => Buffer.from(one, 'base64'));
}
