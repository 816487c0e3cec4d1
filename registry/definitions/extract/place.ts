/**
 * Finds the manufacturer and category of a file from the names of the folders around it. A folder `Instruments` (in any
 * case) contains folders of manufacturers, then of categories: `Instruments/<Maker>/<category>/…`. A folder `setups`
 * contains folders of categories: `setups/<category>/…`. Without a folder `Instruments` or `setups`, the imported
 * folder counts as `Instruments` if its first subfolder has the name of a known manufacturer. Folders that cannot be a
 * manufacturer's are ignored. Underscores are read as spaces.
 */
import { MAKERS } from './makers.ts';

export interface Place {
  manufacturer?: string;
  category?: string;
}

/** Names of folders that are not manufacturers: they name a purpose or a model (`QCL1`, `6221`). */
const NO_MAKER =
  /^(abstract\w*|base\w*|common|core|generic\w*|general|misc|other|various|utils?|utilities|helpers?|tools?|lib|libs|drivers?|devices?|instruments?|interfaces?|adapters?|resources?|data|docs?|examples?|scripts?|src|tests?|testing|sim\w*|fakes?|dummy|dummies|mocks?|demo|virtual|new|old|archive|cameras?|lasers?|motion|stages?|motors?|power\w*|scopes?|sources?|spectrometers?|lock_?ins?|temp\w*|multimeters?|[\W\d_]+|(?=.*\d)[A-Z\d _-]{2,8})$/i;

/** @param location names of the imported folder and its ancestors, outermost first */
export function placeOf(path: string, location: readonly string[]): Place {
  const own = path.split('/').slice(0, -1);
  const folders = [...location.slice(-4), ...own];
  const isRoot = (name: string): boolean => /^(instruments|setups)$/i.test(name);
  const root = folders.findLastIndex(isRoot);
  const [first = '', second = ''] = root < 0 ? own : folders.slice(root + 1);
  if (/^setups$/i.test(folders[root] ?? '')) return first ? { category: spaced(first) } : {};
  const known = makerIn(first);
  const manufacturer =
    known ?? (root >= 0 && first && !NO_MAKER.test(first) ? spaced(first) : undefined);
  if (manufacturer === undefined) return {};
  return { manufacturer, ...(second ? { category: spaced(second) } : {}) };
}

/** The manufacturer in the name of a folder: `Keithley_6220` belongs to Keithley. */
function makerIn(folder: string): string | undefined {
  const words = spaced(folder).split(/[\s-]+/);
  for (let count = words.length; count > 0; count--) {
    const rest = words.slice(count);
    if (!rest.every((word) => /\d/.test(word))) continue;
    const name = words.slice(0, count).join(' ');
    if (MAKERS.has(name.toLowerCase().replace(/[\s&.]/g, ''))) return name;
  }
  return undefined;
}

function spaced(name: string): string {
  return name.replaceAll('_', ' ').trim() || name;
}
