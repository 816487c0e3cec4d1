/** Reads definitions for the API: lists, single definitions, versions, diffs and snapshots. */
import { createHash } from 'node:crypto';
import type { Repository } from '../../../repos/types.ts';
import { decide, type Rules, viewerOf } from '../../access/decide.ts';
import type { Verdict } from '../../definitions/record.ts';
import type { Files } from '../../definitions/types.ts';
import { notFound, Problem } from '../../errors.ts';
import type { PageOf } from '../../schemas/common.ts';
import type {
  Definition,
  DefinitionFacets,
  DefinitionQuery,
  DefinitionSummary,
  FacetQuery,
} from '../../schemas/definitions.ts';
import type { SigningKeys } from '../../signing/keys.ts';
import {
  type DefinitionSort,
  listDefinitions,
  type DefinitionSummary as Row,
} from '../../store/definitions.ts';
import type { Version } from '../../store/entities/index.ts';
import { countFacets } from '../../store/facets.ts';
import { usernamesOf } from '../../store/indexing.ts';
import {
  creatorAndVersion,
  currentStates,
  findVersion,
  listVersions,
} from '../../store/versions.ts';
import type { Caller } from '../caller.ts';
import { diffText } from '../content/diff-text.ts';
import { filesOf, mainFile, shownText, textOf } from '../content/files.ts';
import { newestProposal } from '../content/history.ts';
import { type ContentDeps, contentAt } from '../content/version-content.ts';
import { answerPage, splitPage } from '../pages.ts';
import { showSignature } from '../signing/signing-keys.ts';
import { createZip } from '../zip.ts';
import { loadForReading } from './find-definition.ts';
import { testedOf } from './tested.ts';

export interface ReadDeps extends ContentDeps {
  signingKeys: SigningKeys;
  rules: Rules;
  publicUrl: () => string;
}

/** One page of the definitions that the caller may see. */
export async function listDefinitionsFor(deps: ReadDeps, caller: Caller, query: DefinitionQuery) {
  const { page, filters } = splitPage(query);
  const { sort, ...rest } = filters;
  const em = deps.store.em();
  const found = await listDefinitions(em, {
    viewer: viewerOf(caller.actor, deps.rules),
    filters: rest,
    ...(sort && { sort: parseSort(sort) }),
    ...page,
  });
  const names = await usernamesOf(
    em,
    found.items.map(({ created_by }) => created_by),
  );
  const states = await currentStates(
    em,
    found.items.map(({ id }) => id),
  );
  return answerPage(
    page,
    found,
    found.items.map((row) => {
      const state = states.get(row.id);
      return { ...summaryOf(deps, row, names, state), tested: testedOf(state?.tests) };
    }),
  );
}

/** The values by which the list can be filtered, and how many definitions have each value. */
export async function countFacetsFor(deps: ReadDeps, caller: Caller, filters: FacetQuery) {
  const viewer = viewerOf(caller.actor, deps.rules);
  return (await countFacets(deps.store.em(), { viewer, filters })) as DefinitionFacets;
}

/** A definition with its source, at `version` or, by default, at its newest version. */
export async function readDefinition(
  deps: ReadDeps,
  caller: Caller,
  key: number | string,
  version?: number,
): Promise<Definition> {
  const row = await loadForReading(deps, caller, key);
  const n = version ?? row.version;
  const { creator, shown: found } = await creatorAndVersion(deps.store.em(), row, n);
  if (n !== null && found === null) throw noVersion(row, n);
  const names = new Map(
    row.created_by === null || creator === null ? [] : [[row.created_by, creator]],
  );
  const shown = summaryOf(deps, row, names, found ?? undefined);
  const at = found?.commit ?? null;
  const repository = await deps.repositories.open(row.name);
  const commit = at ?? newestProposal(await repository.refs());
  const files: Files = commit === null ? new Map() : await filesOf(repository, commit);
  const main = files.get(mainFile(row.name));
  const isOlder = version !== undefined && version !== row.version;
  const older = isOlder
    ? await contentAt(deps, row.name, await versionOf(deps, row, version))
    : undefined;
  return {
    ...shown,
    tested: testedOf(found?.tests),
    ...(older && { ...older.described, version: n, head: at }),
    source_code: main === undefined ? '' : textOf(main),
    files: Object.fromEntries(
      [...files]
        .filter(([path]) => path !== mainFile(row.name))
        .map(([path, content]) => [path, shownText(path, content)]),
    ),
  };
}

/** The versions of a definition, newest first. */
export async function listVersionsOf(deps: ReadDeps, caller: Caller, id: number, query: PageOf) {
  const row = await loadForReading(deps, caller, id);
  const { page } = splitPage(query);
  const found = await listVersions(deps.store.em(), row.id, page);
  return answerPage(page, found, await versionSummaries(deps, caller, row, found.items));
}

/** One version without its source. */
export async function readVersionSummary(deps: ReadDeps, caller: Caller, id: number, n: number) {
  const row = await loadForReading(deps, caller, id);
  return await versionSummary(deps, caller, row, await versionOf(deps, row, n));
}

export async function readVersion(deps: ReadDeps, caller: Caller, id: number, n: number) {
  const row = await loadForReading(deps, caller, id);
  const found = await versionOf(deps, row, n);
  return {
    ...(await versionSummary(deps, caller, row, found)),
    source_code: textOf(await mainBytes(deps, row, found)),
  };
}

/** The name and the content of a version's main file, exactly as git stores it. */
export async function readSource(deps: ReadDeps, caller: Caller, id: number, n?: number) {
  const row = await loadForReading(deps, caller, id);
  const found = await versionOf(deps, row, n ?? requireVersion(row.version));
  return { fileName: mainFile(row.name), bytes: await mainBytes(deps, row, found) };
}

/** The unified diff between two versions, with a summary for each file. */
export async function diffVersions(
  deps: ReadDeps,
  caller: Caller,
  id: number,
  between: { from: number; to: number },
) {
  const row = await loadForReading(deps, caller, id);
  const [from, to] = await Promise.all([
    versionOf(deps, row, between.from),
    versionOf(deps, row, between.to),
  ]);
  const repository = await deps.repositories.open(row.name);
  const text = await diffText(repository, from.commit, to.commit);
  return { ...between, diff: text, files: () => filesOfDiff(text) };
}

/**
 * A zip with every file of a version. The answer has two SHA-256 sums in hexadecimal: one of the zip, and one of all
 * files together.
 */
export async function createSnapshot(deps: ReadDeps, caller: Caller, id: number, n?: number) {
  const row = await loadForReading(deps, caller, id);
  const found = await versionOf(deps, row, n ?? requireVersion(row.version));
  const repository = await deps.repositories.open(row.name);
  const files = await filesOf(repository, found.commit);
  const bytes = await createZip(files);
  return {
    fileName: `${row.name}-v${found.version}.zip`,
    bytes,
    sha256: sha256(bytes),
    filesSha256: digestOf(files),
    commit: found.commit,
  };
}

/** The SHA-256 of the output of sha256sum(1) for all files. The files are in byte order of their paths. */
function digestOf(files: Files): string {
  const byPath = [...files].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return sha256(byPath.map(([path, content]) => `${sha256(content)}  ${path}\n`).join(''));
}

const sha256 = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex');

function requireVersion(version: number | null): number {
  if (version === null) throw new Problem('not_found', 'The definition has no version yet.');
  return version;
}

async function versionOf(
  { store }: ReadDeps,
  { id, name }: { id: number; name: string },
  n: number,
): Promise<Version> {
  const found = await findVersion(store.em(), id, n);
  if (!found) throw noVersion({ name }, n);
  return found;
}

const noVersion = ({ name }: { name: string }, n: number): Problem =>
  new Problem('not_found', `${name} has no version ${n}.`);

async function mainBytes(
  { repositories }: ReadDeps,
  { name }: { name: string },
  { commit }: Version,
): Promise<Uint8Array> {
  const repository: Repository = await repositories.open(name);
  const bytes = await repository.readFile(commit, mainFile(name));
  if (bytes === undefined) throw notFound('file');
  return bytes;
}

/** The fields of a definition that differ from version to version. */
type Shown = Pick<Version, 'deprecated' | 'revoked'> & Partial<Pick<Version, 'permissions'>>;

/** Shows a definition as the API returns it, with the verdicts and permissions of `version`. */
export function summaryOf(
  { publicUrl }: Pick<ReadDeps, 'publicUrl'>,
  row: Row,
  usernames: ReadonlyMap<number, string>,
  version?: Shown,
): DefinitionSummary {
  return {
    id: row.id,
    name: row.name,
    display_name: row.display_name,
    description: row.description,
    instrument_type: row.instrument_type,
    category: row.category,
    manufacturer: row.manufacturer,
    status: row.status,
    base_class: row.base_class,
    dependencies: row.dependencies,
    settings_schema: row.settings_schema,
    default_settings: row.default_settings,
    data_columns: row.data_columns,
    data_units: row.data_units,
    position_column: row.position_column,
    position_units: row.position_units,
    lab_id: row.lab_id,
    version: row.version,
    head: row.head,
    is_public: row.is_public,
    is_builtin: row.is_builtin,
    is_approved: row.version !== null,
    is_archived: row.archived_at !== null,
    permissions: version?.permissions ?? row.permissions,
    ...showVerdicts(version),
    clone_url: `${publicUrl()}/definitions/${row.name}.git`,
    created_by: row.created_by === null ? null : (usernames.get(row.created_by) ?? null),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** Shows the verdicts on a version. The person who gave a verdict is shown by username. */
function showVerdicts(row?: Pick<Version, 'deprecated' | 'revoked'>) {
  const show = (verdict: Verdict | null | undefined) =>
    verdict ? { reason: verdict.reason, by: verdict.by?.username ?? null, at: verdict.at } : null;
  return { deprecated: show(row?.deprecated), revoked: show(row?.revoked) };
}

/** Shows one version of a definition. The calling code has checked that the caller may see the definition. */
export async function versionSummary(deps: ReadDeps, caller: Caller, of: Of, row: Version) {
  const [summary] = await versionSummaries(deps, caller, of, [row]);
  return summary as NonNullable<typeof summary>;
}

type Of = { name: string; lab_id: number | null };

/** Shows versions. Each signature is verified from the tag in git, because the index in the database is no proof. */
async function versionSummaries(
  { repositories, signingKeys, rules }: ReadDeps,
  { actor }: Caller,
  { name, lab_id }: Of,
  rows: readonly Version[],
) {
  const isTold = (labId: number | null) =>
    decide(actor, { on: 'lab', do: 'read', labId }, rules).allowed;
  const [repository, keys] = await Promise.all([repositories.open(name), signingKeys.list()]);
  return await Promise.all(
    rows.map(async (row) => {
      const tagged = await repository.version(row.version);
      const under = row.landed_under;
      const landed_under = isTold(lab_id) || isTold(under?.lab?.id ?? null) ? under : null;
      const signature = tagged ? showSignature(tagged, keys) : null;
      return { ...showVersion(row), landed_under, signature };
    }),
  );
}

function showVersion(row: Version) {
  return {
    version: row.version,
    commit: row.commit,
    author: { name: row.author_name, email: row.author_email },
    landed_by: row.landed_by_name || null,
    approvals: row.approvals,
    overrides: row.overrides,
    permissions: row.permissions,
    merge_request: row.merge_request,
    change_summary: row.change_summary,
    ...showVerdicts(row),
    created_at: row.created_at.toISOString(),
  };
}

async function filesOfDiff(text: string) {
  const { parse } = await import('diff2html');
  return parse(text).map((file) => ({
    path: file.newName === '/dev/null' ? file.oldName : file.newName,
    old_path: file.isRename ? file.oldName : null,
    status: file.isNew
      ? ('added' as const)
      : file.isDeleted
        ? ('deleted' as const)
        : file.isRename
          ? ('renamed' as const)
          : ('modified' as const),
    additions: file.addedLines,
    deletions: file.deletedLines,
  }));
}

function parseSort(sort: string): DefinitionSort {
  const descending = sort.startsWith('-');
  return { field: (descending ? sort.slice(1) : sort) as DefinitionSort['field'], descending };
}
