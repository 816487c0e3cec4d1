/** Data files that code names: a string that is the path of a file, seen from the module's folder. */
import { dirname, joinPath } from './paths.ts';

/** A run of string literals joined by commas (`os.path.join`) or slashes (`pathlib`). */
const RUN = /(['"])([^'"\\\n]{1,200})\1(\s*[,/]\s*(['"])([^'"\\\n]{1,200})\4)*/g;

/** Paths, relative to the module's folder, of the files that its code names. */
export function namedFiles(
  path: string,
  code: string,
  exists: (path: string) => boolean,
): string[] {
  const found = new Set<string>();
  for (const [run] of code.matchAll(RUN)) {
    const strings = [...run.matchAll(/(['"])([^'"\\\n]+)\1/g)].map((match) => match[2] ?? '');
    for (let i = 0; i < strings.length; i++) {
      for (let j = i + 1; j <= Math.min(strings.length, i + 4); j++) {
        const relative = strings.slice(i, j).join('/').replace(/^\.\//, '');
        if (isInside(relative) && exists(joinPath(dirname(path), relative))) found.add(relative);
      }
    }
  }
  return [...found];
}

function isInside(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
