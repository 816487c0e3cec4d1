/** Suggests free names for a definition whose name is taken. Pure. */

const MAX_NAME = 100;

/**
 * Yields names without end, best first: the name with the lab's code (`SR830_Nano`), then with numbers (`SR830_Nano2`).
 * Without a lab, the names have only numbers (`SR830_2`).
 */
export function* namesLike(name: string, labCode: string | null): Generator<string> {
  const words = (labCode ?? '').split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const lab = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  const own = lab !== '' && name.endsWith(`_${lab}`) ? name : lab && `${name}_${lab}`;
  if (own && own !== name) yield own.length > MAX_NAME ? cut(name, `_${lab}`.slice(0, 30)) : own;
  for (let n = 2; ; n++) yield cut(own || `${name}_`, String(n));
}

const cut = (stem: string, end: string): string => stem.slice(0, MAX_NAME - end.length) + end;
