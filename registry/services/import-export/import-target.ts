/** The target of `registry import`: the definitions of a lab, the built-in definitions, or those without a lab. */

import { Problem } from '../../errors.ts';
import type { Lab } from '../../store/entities/index.ts';
import { definitionsNamed, type NamedDefinition } from '../../store/indexing.ts';
import { OPERATOR } from '../caller.ts';
import { changesBetween, filesOf } from '../content/files.ts';
import { landFirstVersion } from '../definitions/first-version.ts';
import { freeNames } from '../definitions/free-names.ts';
import type { SaveDeps } from '../deps.ts';
import { importPolicyOf } from '../lab-policy.ts';
import { commitFiles, land } from '../landing/landing.ts';
import type { Existing, ImportItem, ImportTarget, Landed } from './import-folder.ts';

export interface Destination {
  lab: Lab | null;
  isBuiltin: boolean;
}

/** Lands definitions for an import. An administrator runs the import, so the lab's policy does not prevent a landing. */
export function importTarget(deps: SaveDeps, { lab, isBuiltin }: Destination): ImportTarget {
  const { store, repositories } = deps;

  async function create(item: ImportItem): Promise<Landed> {
    await landFirstVersion(deps, OPERATOR, {
      ...item,
      lab,
      isPublic: isBuiltin,
      isBuiltin,
      summary: item.message,
    });
    return { result: 'created', version: 1 };
  }

  async function update(item: ImportItem): Promise<Landed> {
    const repository = await repositories.open(item.name);
    const from = await repository.tip();
    const { head, version } = from;
    const before = head === null ? new Map() : await filesOf(repository, head);
    const changes = changesBetween(before, item.files);
    if (changes.size === 0) return { result: 'unchanged', version };
    const landed = await land(deps, OPERATOR, {
      repository,
      from,
      judged: null,
      ...(await commitFiles(repository, OPERATOR, head, changes, {
        summary: item.message,
        overrides: item.overrides,
        content: item.content,
        ...(item.author && { author: item.author }),
      })),
    });
    return { result: 'updated', version: landed.version };
  }

  /** Releases the repository after the work, because an import of thousands must not keep all repositories in memory. */
  async function released<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      repositories.release(name);
    }
  }

  function refusalOf(row: NamedDefinition): string | null {
    if (row.archived_at !== null) return 'the name is taken by an archived definition';
    if (row.is_builtin && !isBuiltin) return 'the name is taken by a built-in definition';
    const own = row.lab_id === (lab?.id ?? null) && row.is_builtin === isBuiltin;
    return own ? null : 'the name is taken by a definition of another lab';
  }

  return {
    policy: importPolicyOf(lab),
    maxFileBytes: deps.maxFileBytes,

    async findExisting(names) {
      const rows = await definitionsNamed(store.em(), names);
      return new Map(
        rows.map((row): [string, Existing] => [
          row.name.toLowerCase(),
          {
            name: row.name,
            version: row.version,
            refusal: refusalOf(row),
            async hasSameFiles(files) {
              const { name, head } = row;
              if (head === null) return false;
              return await released(name, async () => {
                const repository = await repositories.open(name);
                return changesBetween(await filesOf(repository, head), files).size === 0;
              });
            },
          },
        ]),
      );
    },

    freeNames: (names, reserved) => freeNames(store, names, lab?.code ?? null, reserved),

    async land(item) {
      const [row] = await definitionsNamed(store.em(), [item.name]);
      const refusal = row ? refusalOf(row) : null;
      if (refusal) throw new Problem('name_taken', refusal);
      return await released(item.name, () => (row ? update(item) : create(item)));
    },
  };
}
