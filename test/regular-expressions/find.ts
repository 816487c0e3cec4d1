/** Finds the regular expressions of the product's code: TypeScript, Python, and the patterns of schemas. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser as python } from '@lezer/python';
import { parseSync } from '@swc/core';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDERS = 'registry,repos,text,client/typescript,web-components,migrations';

export interface Found {
  /** As a JavaScript literal, by the files that contain it. */
  literals: Map<string, string[]>;
  /** Files with expressions that are put together at run time. */
  built: Set<string>;
}

export function findExpressions(): Found {
  const found: Found = { literals: new Map(), built: new Set() };
  for (const file of globSync(`{${FOLDERS}}/**/*.{ts,js}`, { cwd: ROOT, exclude: isForeign })) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    fromTypeScript(parseSync(text, { syntax: 'typescript', decorators: true }).body, file, found);
  }
  for (const file of globSync('client/python/src/**/*.py', { cwd: ROOT }))
    fromPython(readFileSync(join(ROOT, file), 'utf8'), file, found);
  return found;
}

const isForeign = (path: string): boolean =>
  /(^|\/)(node_modules|dist|definitions\/py)$/.test(path);

function add({ literals }: Found, pattern: string, flags: string, file: string): void {
  const literal = `/${pattern}/${flags}`;
  literals.set(literal, [...new Set([...(literals.get(literal) ?? []), file])]);
}

/** A node of swc's tree: only what this file reads. */
interface Syntax {
  type?: string;
  pattern?: string;
  flags?: string;
  value?: unknown;
  callee?: Syntax;
  arguments?: { expression: Syntax }[];
}

function fromTypeScript(node: unknown, file: string, found: Found): void {
  if (node === null || typeof node !== 'object') return;
  const { type, pattern = '', flags = '', value, callee, arguments: given } = node as Syntax;
  if (type === 'RegExpLiteral') add(found, pattern, flags, file);
  // The pattern of a schema. Ajv compiles it with the flag `u`.
  if (type === 'StringLiteral' && String(value).startsWith('^'))
    add(found, String(value), 'u', file);
  const calls = type === 'NewExpression' || type === 'CallExpression';
  if (calls && callee?.value === 'RegExp' && given?.[0]?.expression.type !== 'RegExpLiteral')
    found.built.add(file);
  for (const child of Object.values(node)) fromTypeScript(child, file, found);
}

const CALL = /^re\.(?:compile|match|search|subn?|fullmatch|split|findall|finditer)$/;
const FLAGS: Record<string, string> = { IGNORECASE: 'i', MULTILINE: 'm', DOTALL: 's' };

function fromPython(text: string, file: string, found: Found): void {
  python.parse(text).iterate({
    enter({ node, name }) {
      if (name !== 'CallExpression') return;
      const [callee, args] = [node.firstChild, node.getChild('ArgList')];
      if (!callee || !args || !CALL.test(text.slice(callee.from, callee.to))) return;
      const first = args.firstChild?.nextSibling;
      const pattern = first ? rawString(text.slice(first.from, first.to)) : null;
      if (pattern === null) {
        found.built.add(file);
        return;
      }
      const rest = text.slice(args.from, args.to);
      const flags = [...rest.matchAll(/\bre\.([A-Z]+)\b/g)].map(([, flag = '']) => FLAGS[flag]);
      const start = /match$/.test(text.slice(callee.from, callee.to)) ? '^' : '';
      add(found, start + asJavaScript(pattern), flags.join(''), file);
    },
  });
}

/** Reads raw strings, which are written after each other or on lines of their own. Null for anything else. */
function rawString(literal: string): string | null {
  const parts = [...literal.matchAll(/\br(["'])(.*?)\1(?=\s*(?:r["']|$))/gs)];
  return parts.length > 0 ? parts.map(([, , part]) => part).join('') : null;
}

/** Writes what Python spells in another way. Only what the client's expressions use. */
const asJavaScript = (pattern: string): string =>
  pattern
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\A', '^')
    .replaceAll('\\Z', '$')
    .replaceAll('/', '\\/')
    .replaceAll('\\\\/', '\\/');
