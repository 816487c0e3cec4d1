/** Parses the tables of docs/access.md. */
import { readFile } from 'node:fs/promises';

export interface Row {
  /** The position of the row, as file:line. */
  at: string;
  /** `operationId`, or `METHOD /path` for routes outside the API document, or the name of a git operation. */
  operation: string;
  /** Distinguishes variants of a request, such as `with an override`. */
  variant: string;
  /** The kind of thing that the operation is about; null if the kind makes no difference. */
  on: string | null;
  /** The smallest scope of a token that suffices; null if the scope makes no difference. */
  token: 'read' | 'write' | 'admin' | null;
  /** The cells by column, in the order of the table. Cells for cases that do not exist are left out. */
  cells: Map<string, string>;
}

export interface Matrix {
  http: Row[];
  git: Row[];
}

const FILE = 'docs/access.md';
const FIXED = 3;

/**
 * Throws with file and line if the columns of a table are not `persons`, or if the table breaks the rules of the page.
 */
export async function readMatrix(persons: readonly string[]): Promise<Matrix> {
  const text = await readFile(new URL(`../../../${FILE}`, import.meta.url), 'utf8');
  const matrix: Matrix = { http: [], git: [] };
  let into: Row[] | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    const at = `${FILE}:${i + 1}`;
    const cells = line.startsWith('|') ? line.split('|').slice(1, -1) : [];
    const [first = '', ...rest] = cells.map((cell) => cell.trim());
    if (cells.length === 0) into = undefined;
    else if (/^(git )?operation$/.test(first)) {
      into = first === 'operation' ? matrix.http : matrix.git;
      demandColumns(at, rest.slice(FIXED - 1), persons);
    } else if (into && !/^-+$/.test(first)) {
      if (rest.length !== FIXED - 1 + persons.length)
        throw new Error(`${at}: a cell too many or few`);
      into.push(...rowsOf(at, first, rest, persons, into === matrix.git));
    }
  }
  return matrix;
}

function demandColumns(at: string, found: string[], persons: readonly string[]): void {
  if (found.join() === persons.join()) return;
  throw new Error(
    `${at}: the columns are ${found.join(', ')}; test/scenarios/access/persons.ts has ${persons.join(', ')}`,
  );
}

function rowsOf(
  at: string,
  operations: string,
  [on = '', token = '', ...cells]: string[],
  persons: readonly string[],
  isGit: boolean,
): Row[] {
  const given = persons.map((person, i): [string, string] => [person, cells[i] ?? '']);
  return operations.split(', ').map((text) => ({
    at,
    ...(isGit ? { operation: text, variant: '' } : named(at, text)),
    on: on === '—' ? null : on,
    token: token === '—' ? null : (token as 'read'),
    cells: new Map(given.filter(([, cell]) => cell !== '—')),
  }));
}

function named(at: string, text: string): { operation: string; variant: string } {
  const [, operation, variant = ''] = /^`([^`]+)`(?: (.+))?$/.exec(text) ?? [];
  if (operation === undefined) throw new Error(`${at}: ${text} is no operation in backticks`);
  return { operation, variant };
}

/** Describes a row. */
export const titleOf = ({ operation, variant, on }: Row): string =>
  [operation, variant, on && `on a ${on}`].filter(Boolean).join(' ');
