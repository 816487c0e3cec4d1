/**
 * What the folders around a file say of it. Below a folder `Instruments` (case ignored) stands the maker and
 * below that the category (`Instruments/<Maker>/<category>/…`); below a folder `setups` the category
 * (`setups/<category>/…`). Without either, the folder that is imported counts as `Instruments`. Underscores
 * read as spaces.
 */

export interface Place {
  manufacturer?: string;
  category?: string;
}

/** @param location names of the imported folder and those above it, outermost first */
export function placeOf(path: string, location: readonly string[]): Place {
  const own = path.split('/').slice(0, -1);
  const folders = [...location.slice(-2), ...own];
  const isRoot = (name: string): boolean => /^(instruments|setups)$/i.test(name);
  const root = folders.findLastIndex(isRoot);
  const [first, second] = root < 0 ? own : folders.slice(root + 1);
  if (/^setups$/i.test(folders[root] ?? '')) return first ? { category: spaced(first) } : {};
  return {
    ...(first ? { manufacturer: spaced(first) } : {}),
    ...(second ? { category: spaced(second) } : {}),
  };
}

function spaced(name: string): string {
  return name.replaceAll('_', ' ').trim() || name;
}
