/** An import target that keeps versions in memory instead of in git. */
import { unreadContent } from '../../registry/definitions/content.ts';
import type { Files } from '../../registry/definitions/types.ts';
import { Problem } from '../../registry/errors.ts';
import type {
  ImportItem,
  ImportTarget,
} from '../../registry/services/import-export/import-folder.ts';

export class MemoryTarget implements ImportTarget {
  readonly policy = { banned: ['os', 'open'], allowed: [] };
  maxFileBytes = 1024 * 1024;
  readonly versions = new Map<string, ImportItem[]>();
  /** The names that `land` refuses. */
  readonly refuses = new Set<string>();

  /** The errors that `land` throws, by name. */
  readonly failures = new Map<string, Error>();

  async findExisting(names: readonly string[]) {
    const wanted = new Set(names.map((name) => name.toLowerCase()));
    return new Map(
      [...this.versions]
        .filter(([name]) => wanted.has(name.toLowerCase()))
        .map(([name, items]) => [
          name.toLowerCase(),
          {
            name,
            version: items.length,
            refusal: this.refuses.has(name) ? 'Another lab has that name.' : null,
            hasSameFiles: async (files: Files) => same(files, items.at(-1)?.files),
          },
        ]),
    );
  }

  async freeNames(names: readonly string[]) {
    return new Map(names.map((name) => [name, `${name}_2`]));
  }

  async land(item: ImportItem) {
    const failure = this.failures.get(item.name);
    if (failure) throw failure;
    if (this.refuses.has(item.name)) throw new Problem('name_taken', 'Another lab has that name.');
    const items = this.versions.get(item.name) ?? [];
    const last = items.at(-1);
    if (last && same(last.files, item.files)) {
      return { result: 'unchanged' as const, version: items.length };
    }
    this.versions.set(item.name, [...items, item]);
    return {
      result: last ? ('updated' as const) : ('created' as const),
      version: items.length + 1,
    };
  }

  /** Lands a version without files. */
  async landEmpty(name: string) {
    const files = new Map();
    const content = unreadContent(name, files);
    return await this.land({ name, files, content, message: '', overrides: [] });
  }

  text(name: string): string {
    return new TextDecoder().decode(this.versions.get(name)?.at(-1)?.files.get(`${name}.py`));
  }

  /** The newest files of each definition, as an export reads them. */
  async *definitions() {
    for (const [name, items] of this.versions) {
      yield { name, files: items.at(-1)?.files ?? new Map<string, Uint8Array>() };
    }
  }
}

function same(a: Files, b: Files | undefined): boolean {
  if (a.size !== b?.size) return false;
  return [...a].every(([path, bytes]) => {
    const other = b.get(path);
    return other !== undefined && Buffer.compare(bytes, other) === 0;
  });
}
