/** The registry's own checks of a proposed change: can it land, and what does it break for users? */
import type { Caches } from '../../../repos/caches.ts';
import { RepositoryError } from '../../../repos/errors.ts';
import type { ObjectReader, Oid } from '../../../repos/types.ts';
import type { Check } from '../../access/review/facts.ts';
import type { OWN_CHECKS } from '../../access/review/own-checks.ts';
import type { InterfaceChange } from '../../definitions/interface/change.ts';
import { mergeTrees, type PathChange, type Tree } from '../../definitions/merge.ts';
import { checkPaths } from '../../definitions/names.ts';
import type { Permission } from '../../definitions/permissions.ts';
import type { TrafficChange } from '../../definitions/traffic.ts';
import type { Diagnostic, Files, ImportPolicy, Metadata } from '../../definitions/types.ts';
import { undescribed } from '../../definitions/undescribed.ts';
import { Problem } from '../../errors.ts';
import type { AnalysisDeps } from '../analysis.ts';
import { accountOf, type Caller } from '../caller.ts';
import { filesOf, findExcess, mainFile, textOf, withChanges } from '../content/files.ts';
import { changesAgainst, treeOf } from './examine.ts';
import { misleading } from './hidden.ts';

export interface Proposal {
  name: string;
  base: Oid | null;
  head: Oid;
  /** The commit of `main` on which the proposal would land. */
  main: Oid | null;
}

export interface Judgement {
  checks: Check[];
  interface: InterfaceChange[];
  /** The differences in what is sent to the instrument. */
  traffic: TrafficChange[];
  /** The metadata before and after the change. */
  before: Metadata | null;
  after: Metadata;
  /** The permissions that the definition would need in addition to the lab's policy. */
  permissions: Permission[];
  granted: readonly string[];
}

export interface OwnJudgement extends Judgement {
  changes: PathChange[];
  /** The changes to apply to `main`: mode and blob for each path. Null deletes the file. */
  landing: ReadonlyMap<string, string | null>;
}

/**
 * Checks exactly the tree that would land. If there is a conflict, checks the tree of the head. Throws
 * `RepositoryError` `object_not_found` if git no longer has the commits.
 */
export async function ownChecks(
  deps: AnalysisDeps & { caches: Caches },
  caller: Caller,
  objects: ObjectReader,
  proposal: Proposal,
  policy: ImportPolicy,
  granted: readonly string[],
): Promise<OwnJudgement> {
  const { name, base, head, main } = proposal;
  const [was, is, now] = await Promise.all([base, head, main].map((c) => treeOf(objects, c)));
  const merged = mergeTrees(was as Tree, is as Tree, now as Tree);
  const before = main === null ? new Map() : await filesOf(objects, main);
  const conflict = await conflictCheck(deps, caller, objects, proposal, merged);
  const files = await readResult(objects, merged.conflicts.length > 0, proposal, before, merged);
  const key = JSON.stringify([name, base, head, main, policy, granted]);
  const judgements = deps.caches.open<Judgement>('own_checks', (one) => JSON.stringify(one).length);
  const judged = await judgements
    .load(key, () =>
      judgeFiles(deps, caller, name, main === null ? null : before, files, policy, granted),
    )
    .catch((error) => asUnreadable(error, name, granted));
  const [validation, imports, ...rest] = judged.checks;
  return {
    ...judged,
    checks: [validation, imports, conflict, ...rest] as Check[],
    changes: await changesAgainst(objects, base, head),
    landing: merged.changes,
  };
}

async function readResult(
  objects: ObjectReader,
  conflicting: boolean,
  { head }: Proposal,
  before: Files,
  merged: { changes: Map<string, string | null> },
): Promise<Files | string> {
  try {
    const files = conflicting
      ? await filesOf(objects, head)
      : withChanges(before, await readContents(objects, merged.changes));
    return findExcess(files) ?? files;
  } catch (error) {
    if (error instanceof RepositoryError && error.code === 'too_large') return error.message;
    throw error;
  }
}

/** Reads the new content of each changed file. Null means that the file is deleted. */
export async function readContents(
  objects: ObjectReader,
  changes: ReadonlyMap<string, string | null>,
): Promise<Map<string, Uint8Array | null>> {
  const found = new Map<string, Uint8Array | null>();
  for (const [path, entry] of changes) {
    found.set(path, entry === null ? null : await objects.readBlob(blobOf(entry)));
  }
  return found;
}

const blobOf = (entry: string): Oid => entry.slice(entry.indexOf(':') + 1);

async function judgeFiles(
  { analysis }: AnalysisDeps,
  caller: Caller,
  name: string,
  before: Files | null,
  files: Files | string,
  policy: ImportPolicy,
  granted: readonly string[],
): Promise<Judgement> {
  const tree: Files = typeof files === 'string' ? new Map() : files;
  const given = [name, before, tree, policy, granted] as const;
  const judged = await analysis.ask(accountOf(caller), 'judgeChange', ...given);
  const { errors, warnings, interface: changes } = judged;
  const line = ({ file, line, column, message }: Diagnostic) =>
    `${file ?? mainFile(name)}:${line}:${column}: ${message}`;
  const banned = errors.filter(({ code }) => code.startsWith('banned-'));
  const wrong = [
    ...checkPaths(tree.keys()).map(({ path, message }) => `${path}: ${message}`),
    ...errors.filter((error) => !banned.includes(error)).map(line),
  ];
  const breaking = changes.filter((change) => change.breaking);
  return {
    checks: [
      ownCheck(
        'validation',
        typeof files === 'string' ? [files] : wrong,
        misleading(name, warnings),
      ),
      ownCheck('import-policy', withAdvice(banned.map(line))),
      ownCheck(
        'interface',
        breaking.map(({ message, at }) => (at ? `${at.file}:${at.line}: ${message}` : message)),
      ),
    ],
    interface: changes,
    traffic: judged.traffic,
    before: judged.before,
    after: judged.after,
    permissions: judged.permissions,
    granted,
  };
}

/** Turns the error `too_costly` into a failed check, because files that take too long to read cannot land. */
function asUnreadable(error: unknown, name: string, granted: readonly string[]): Judgement {
  if (!(error instanceof Problem) || error.code !== 'too_costly') throw error;
  return {
    checks: [
      ownCheck('validation', [error.message]),
      ownCheck('import-policy', []),
      ownCheck('interface', []),
    ],
    interface: [],
    traffic: [],
    before: null,
    after: undescribed(name),
    permissions: [],
    granted,
  };
}

/** Puts advice on banned imports before the findings. */
function withAdvice(lines: string[]): string[] {
  if (lines.length === 0) return [];
  return ['a lab admin can grant it to this definition with the approval', ...lines];
}

/** The most findings that a summary lists. For further findings, it gives only their number. */
const SHOWN = 5;

/** A check fails if `against` has any findings. The summary lists `warnings` only if there are no findings. */
function ownCheck(
  name: (typeof OWN_CHECKS)[number],
  against: string[],
  warnings: string[] = [],
): Check {
  const lines = against.length > 0 ? against : warnings.map((line) => `warning: ${line}`);
  const more = lines.length > SHOWN ? [`and ${lines.length - SHOWN} more`] : [];
  return {
    name,
    state: against.length === 0 ? 'success' : 'failure',
    account: null,
    by: '',
    isBench: false,
    summary: lines.length === 0 ? null : [...lines.slice(0, SHOWN), ...more].join('; '),
  };
}

async function conflictCheck(
  deps: AnalysisDeps,
  caller: Caller,
  objects: ObjectReader,
  { base, head, main }: Proposal,
  { changes, conflicts }: ReturnType<typeof mergeTrees>,
): Promise<Check> {
  if (changes.size === 0 && conflicts.length === 0) {
    return ownCheck('conflict', ['main already has all changes of this branch']);
  }
  const found: string[] = [];
  for (const path of conflicts) {
    found.push(
      `main has changed ${path} too: ${await describeConflict(deps, caller, objects, path, base, head, main)}; rebase it, and ask for a new approval`,
    );
  }
  return ownCheck('conflict', found);
}

async function describeConflict(
  { analysis }: AnalysisDeps,
  caller: Caller,
  objects: ObjectReader,
  path: string,
  ...commits: [base: Oid | null, head: Oid, main: Oid | null]
): Promise<string> {
  const [base, head, main] = await Promise.all(
    commits.map((commit) => (commit === null ? undefined : objects.readFile(commit, path))),
  );
  if (head === undefined) return 'the branch deletes it, and main changes it';
  if (main === undefined) return 'the branch changes it, and main deletes it';
  const texts = [base ? textOf(base) : '', textOf(head), textOf(main)] as const;
  const merged = await analysis.ask(accountOf(caller), 'mergeText', ...texts);
  return 'text' in merged ? 'in different lines' : `conflict in ${placesOf(merged.conflicts)}`;
}

/** Formats lines as text, for example `lines 3-5, 9`. */
export function placesOf(conflicts: readonly { line: number; end_line: number }[]): string {
  const places = conflicts.map(({ line, end_line }) =>
    line === end_line ? `${line}` : `${line}-${end_line}`,
  );
  return `${conflicts.length === 1 && places[0] && !places[0].includes('-') ? 'line' : 'lines'} ${places.join(', ')}`;
}
