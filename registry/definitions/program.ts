/** Finds the modules that the imports of a definition refer to. */

import type { Program } from './resolve.ts';
import type { Module } from './syntax.ts';

/** @param modules the definition's Python files without tests, by path */
export function definitionProgram(modules: ReadonlyMap<string, Module>): Program {
  return {
    module: (path) => {
      const found = modules.get(path);
      if (!found) throw new Error(`There is no module ${path}`);
      return found;
    },
    find: (importer, level, dotted) => {
      const parts = dotted === '' ? [] : dotted.split('.');
      const own = importer.split('/').slice(0, -1);
      // An absolute import starts at the root, where the definition's files are.
      if (level > own.length + 1) return undefined;
      const folder = level === 0 ? [] : own.slice(0, own.length - (level - 1));
      const stem = [...folder, ...parts].join('/');
      const candidates = [`${stem}/__init__.py`.replace(/^\//, ''), `${stem}.py`];
      return candidates.find((path) => modules.has(path));
    },
  };
}
