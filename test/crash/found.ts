/** Reads everything that a running registry has: with git from the repositories, and with the API from the database. */
import { join } from 'node:path';
import type { RegistryClient } from '../../client/typescript/client.ts';
import type { AuditEvent } from '../../registry/schemas/audit.ts';
import type { VersionSummary } from '../../registry/schemas/definitions.ts';
import type { MergeRequestPage } from '../../registry/schemas/review.ts';
import { git } from '../helpers/git.ts';
import { clientOf, type World } from './world.ts';

export interface FoundDefinition {
  name: string;
  version: number | null;
  head: string | null;
  /** The versions in the index, oldest first. */
  versions: VersionSummary[];
  /** The commits of `main`, oldest first, with the blob of the definition's file if the commit changed the file. */
  line: { commit: string; message: string; blob: string | undefined }[];
  refs: Map<string, string>;
  pages: MergeRequestPage[];
}

/** Something that a client has made. */
export interface Thing {
  /** The marks, commits and other names by which it can be recognised. */
  keys: string[];
  version?: number;
  blob?: string | undefined;
}

export interface Found {
  definitions: FoundDefinition[];
  trail: AuditEvent[];
  things: Thing[];
}

/** @param dataDir the path at which this process can read the data folder */
export async function find(world: World, url: string, dataDir: string): Promise<Found> {
  const client = clientOf(url, world.admin);
  const all = await everyPage((page) => client.definitions.list({ lab_id: world.labId, ...page }));
  const pages = await pagesOf(client, world.labId);
  const definitions: FoundDefinition[] = [];
  for (const { id, name, version, head } of all) {
    const versions = await everyPage((page) => client.definitions.versions(id, page));
    // Not as the working directory: nobody outside can work on a disk that only the registry sees.
    const repository = `--git-dir=${join(dataDir, 'repos', `${name}.git`)}`;
    const [line, refs] = [await lineOf(repository, name), await refsOf(repository)];
    const own = pages.filter(({ definition }) => definition.name === name);
    definitions.push({
      ...{ name, version, head, line, refs },
      versions: versions.toReversed(),
      pages: own,
    });
  }
  const trail = (await client.exportAudit())
    .split('\n')
    .filter(Boolean)
    .map((line): AuditEvent => JSON.parse(line));
  const things = [...definitions.flatMap(thingsIn), ...(await thingsBeside(client, world))];
  return { definitions, trail, things };
}

const MARK = /\bm\d{6}\b/g;

function thingsIn({ name, versions, line, pages }: FoundDefinition): Thing[] {
  return [
    ...versions.map(
      ({ version, commit, change_summary: text, merge_request }): Thing => ({
        keys: [
          ...(text.match(MARK) ?? []),
          commit,
          `${name} v${version}`,
          ...(merge_request ? [`landed !${merge_request}`] : []),
        ],
        version,
        blob: line[version - 1]?.blob,
      }),
    ),
    ...versions.flatMap(({ deprecated, revoked }) =>
      [deprecated, revoked].flatMap((verdict) => (verdict ? [{ keys: [verdict.reason] }] : [])),
    ),
    ...pages.flatMap(({ id, state, heads, reviews, comments, merged_version }): Thing[] => [
      ...heads.map(({ head }) => ({ keys: [head] })),
      ...[...reviews, ...comments].map(({ body }) => ({ keys: [body] })),
      ...(state === 'closed' ? [{ keys: [`closed !${id}`] }] : []),
      ...(state === 'merged'
        ? [{ keys: [`merged !${id}`], version: merged_version as number }]
        : []),
    ]),
  ];
}

async function thingsBeside(client: RegistryClient, { labId }: World): Promise<Thing[]> {
  const tokens = (await client.tokens.list()).items;
  const instruments = await everyPage((page) =>
    client.instruments.list({ lab_id: labId, ...page }),
  );
  const bindings = await everyPage((page) => client.bindings.list({ lab_id: labId, ...page }));
  return [
    ...tokens.map(({ name }) => ({ keys: [name] })),
    ...instruments.map(({ name }) => ({ keys: [`instrument ${name}`] })),
    ...bindings.map(({ adapter }) => ({ keys: [`binding ${adapter?.match(MARK)?.[0]}`] })),
  ];
}

async function lineOf(repository: string, name: string): Promise<FoundDefinition['line']> {
  const log = [
    repository,
    'log',
    '--first-parent',
    '--reverse',
    '--raw',
    '--no-abbrev',
    '--format=%x01%H%x00%B%x00',
  ];
  const commits = (await git([...log, 'main'])).split('\x01').slice(1);
  return commits.map((text) => {
    const [commit = '', message = '', changes = ''] = text.split('\0');
    const changed = changes.split('\n').find((line) => line.endsWith(`\t${name}.py`));
    return { commit, message, blob: changed?.split(' ')[3] };
  });
}

async function refsOf(repository: string): Promise<Map<string, string>> {
  const format = '--format=%(refname) %(objectname) %(*objectname)';
  const lines = (await git([repository, 'for-each-ref', format])).split('\n').filter(Boolean);
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const [ref = '', oid = '', peeled = ''] = line.split(' ');
      return [[ref, oid], ...(peeled ? [[`${ref}^{}`, peeled] as [string, string]] : [])];
    }),
  );
}

async function pagesOf({ mergeRequests }: RegistryClient, lab_id: number) {
  const all = await everyPage((page) => mergeRequests.list({ lab_id, ...page }));
  const pages: MergeRequestPage[] = [];
  for (const { id } of all) pages.push(await mergeRequests.read(id));
  return pages;
}

async function everyPage<T>(
  ask: (page: { page: number; per_page: number }) => Promise<{ items: T[]; total: number }>,
): Promise<T[]> {
  const found: T[] = [];
  for (let page = 1; ; page++) {
    const { items, total } = await ask({ page, per_page: 100 });
    found.push(...items);
    if (found.length >= total || items.length === 0) return found;
  }
}
