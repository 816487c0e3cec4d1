/**
 * Finds the classes, functions, imports and constants of Python files with CPython's own parser, and their positions.
 */

import { spawnSync } from 'node:child_process';

/** Lines and columns start at 1. Columns are code points. */
export type Seen = [what: string, name: string, line: number, column: number, detail: string[]];

export interface CpythonFile {
  /** Every class, function and import in document order. Nested ones are included. */
  seen: Seen[];
  /** Literals that are assigned in a class body or to `self.`, by `Class.attribute`. The last assignment counts. */
  constants: Record<string, unknown>;
  error: string | null;
}

const SCRIPT = `
import ast, base64, io, json, sys, tokenize

def judge(data):
    tree = ast.parse(data)
    encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    text = data.decode(encoding).replace('\\r\\n', '\\n').replace('\\r', '\\n')
    lines = text.split('\\n')
    seen, constants = [], {}
    def place(node):
        line = lines[node.lineno - 1].encode('utf-8')
        return node.lineno, len(line[:node.col_offset].decode('utf-8')) + 1
    def source(node):
        return ast.get_source_segment(text, node)
    def visit(node, owner):
        for child in ast.iter_child_nodes(node):
            inner = owner
            if isinstance(child, ast.ClassDef):
                seen.append(['class', child.name, *place(child), [source(one) for one in child.bases]])
                inner = child.name
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                seen.append(['function', child.name, *place(child), []])
            elif isinstance(child, ast.Import):
                names = [one.name + ' as ' + (one.asname or one.name.split('.')[0]) for one in child.names]
                seen.append(['import', '', *place(child), names])
            elif isinstance(child, ast.ImportFrom):
                names = [one.name + ' as ' + (one.asname or one.name) for one in child.names]
                seen.append(['import', '.' * child.level + (child.module or ''), *place(child), names])
            elif isinstance(child, ast.Assign) and owner and len(child.targets) == 1:
                target, value = child.targets[0], child.value
                if isinstance(value, ast.Call) and ast.dump(value.func).endswith("attr='array', ctx=Load())") and value.args:
                    value = value.args[0]
                name = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ''
                try:
                    constants[owner + '.' + name] = ast.literal_eval(value)
                except ValueError:
                    pass
            visit(child, inner)
    visit(tree, '')
    return {'seen': seen, 'constants': constants, 'error': None}

answers = []
for one in json.load(sys.stdin):
    try:
        answers.append(judge(base64.b64decode(one)))
    except SyntaxError as error:
        answers.append({'seen': [], 'constants': {}, 'error': str(error)})
json.dump({'version': list(sys.version_info[:2]), 'files': answers}, sys.stdout, default=repr)
`;

/** Runs `python3` once for all files. Returns null if there is no Python 3.9 or later. */
export function askCpython(files: readonly Uint8Array[]): CpythonFile[] | null {
  const input = JSON.stringify(files.map((bytes) => Buffer.from(bytes).toString('base64')));
  const { status, stdout, stderr, error } = spawnSync('python3', ['-I', '-c', SCRIPT], {
    input,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (error) return null;
  if (status !== 0) throw new Error(stderr);
  const { version, files: answers } = JSON.parse(stdout);
  return version[1] >= 9 ? answers : null;
}
