/** Finds the names in a module that refer to other modules of the definition. */
import { definitionProgram } from '../program.ts';
import type { Program } from '../resolve.ts';
import { type ImportStatement, type Module, readImport, walk } from '../syntax.ts';

export class ModuleNames {
  readonly #program: Program;

  constructor(modules: ReadonlyMap<string, Module>) {
    this.#program = definitionProgram(modules);
  }

  /** The file from which a `from` import takes names; undefined if the definition does not contain it. */
  source(importer: string, { level, module }: ImportStatement): string | undefined {
    return isFrom({ level, module })
      ? this.#program.find(importer, level, module ?? '')
      : undefined;
  }

  /** The file that a clause imports as a module: `import a.b`, or `from a import b` if `b` is a module. */
  whole(importer: string, { level, module }: ImportStatement, name: string): string | undefined {
    const dotted = module === null || module === '' ? name : `${module}.${name}`;
    return this.#program.find(importer, level, dotted);
  }

  /** For each module that this one imports as a module: the text before `.name`, and the file. */
  owners(importer: string, { root, text }: Module): Map<string, string> {
    const owners = new Map<string, string>();
    walk(root, (node) => {
      if (node.type !== 'ImportStatement') return true;
      const statement = readImport(node, text);
      for (const { name, bound } of statement.names) {
        const path = this.whole(importer, statement, name);
        const isParent = !isFrom(statement) && name.split('.')[0] === bound;
        if (path !== undefined) owners.set(isParent ? name : bound, path);
      }
      return false;
    });
    return owners;
  }
}

/** Whether the statement has a `from`. `import a` has neither a module to import from nor dots. */
const isFrom = ({ level, module }: Pick<ImportStatement, 'level' | 'module'>): boolean =>
  level > 0 || module !== null;
