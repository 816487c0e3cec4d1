/** Names for the modules of a definition, which are all in one folder. */
import { basename, byText, dirname } from './paths.ts';

/**
 * Gives each path a module name. The path of the class's module comes first. A module is named like its file. If two
 * names clash (upper and lower case count as equal), the folders are put in front. A module never gets the name of an
 * imported package.
 */
export function moduleNames(
  own: string,
  className: string,
  helpers: readonly string[],
  hidden: (name: string) => boolean,
): Map<string, string> {
  const names = new Map([[own, className]]);
  const taken = new Set([className.toLowerCase()]);
  for (const path of [...helpers].sort(byText)) {
    const name = candidates(path).find((name) => !taken.has(name.toLowerCase()) && !hidden(name));
    const free = name ?? numbered(stem(path), taken);
    taken.add(free.toLowerCase());
    names.set(path, free);
  }
  return names;
}

/** Possible names, shortest first: `buffer`, `keithley_buffer`, `instruments_keithley_buffer`, … */
function candidates(path: string): string[] {
  const found: string[] = [];
  let name = '';
  for (let at = path; at !== ''; at = dirname(at)) {
    const part = stem(at);
    if (basename(at) === '__init__.py' && dirname(at) !== '') continue;
    name = name === '' ? part : `${part}_${name}`;
    found.push(name);
  }
  return found;
}

function numbered(name: string, taken: ReadonlySet<string>): string {
  for (let n = 0; ; n++) {
    const candidate = n === 0 ? `${name}_helper` : `${name}_helper${n}`;
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}

function stem(path: string): string {
  const name = basename(path)
    .replace(/\.pyw?$/, '')
    .replace(/\W/g, '_');
  return /^\d/.test(name) || name === '' ? `_${name}` : name;
}
