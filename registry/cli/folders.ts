/** The commands `registry import` and `registry export`, on an opened data folder. */
import { Problem } from '../errors.ts';
import type { Deps } from '../open.ts';
import { contentsOf, standingDefinitions } from '../services/import-export/export-definitions.ts';
import { importTarget } from '../services/import-export/import-target.ts';
import type { Lab } from '../store/entities/index.ts';
import { findLabByCode } from '../store/labs.ts';
import { type ExportCommand, runExport } from './export.ts';
import { type ImportCommand, orProblem, runImport } from './import.ts';
import type { Terminal } from './terminal.ts';

/** Who owns the definitions: the lab with this code, or the registry itself, for built-in definitions. */
interface Whose {
  lab?: string;
  builtin?: boolean;
}

export async function importDefinitions(
  deps: Deps,
  terminal: Terminal,
  { lab, builtin = false, ...command }: ImportCommand & Whose,
): Promise<number> {
  if (lab !== undefined && builtin) {
    throw new Problem(
      'invalid',
      'Use either --lab or --builtin: built-in definitions do not belong to a lab.',
    );
  }
  const target = importTarget(deps, { lab: await labWith(deps, lab), isBuiltin: builtin });
  return await runImport({ ...deps, target }, terminal, command);
}

export async function exportDefinitions(
  deps: Deps,
  terminal: Terminal,
  {
    lab,
    builtin = false,
    bundle = false,
    ...command
  }: ExportCommand & Whose & { bundle?: boolean },
): Promise<number> {
  const whose = { lab: await labWith(deps, lab), isBuiltin: builtin };
  if (bundle) {
    // This module is loaded only here, because only bundles need the packages for archives.
    const { exportBundle } = await import('../services/import-export/export-bundle.ts');
    const count = await orProblem(command.folder, (file) =>
      exportBundle(deps, file, whose, (done, total) => terminal.progress(done, total, 'Exporting')),
    );
    terminal.out(`${count} definitions written to ${command.folder}.`);
    return 0;
  }
  const definitions = await standingDefinitions(deps, whose);
  const exported = { definitions: contentsOf(deps, definitions), total: definitions.length };
  return await runExport(exported, terminal, command);
}

async function labWith({ store }: Deps, code: string | undefined): Promise<Lab | null> {
  if (code === undefined) return null;
  const lab = await findLabByCode(store.em(), code);
  if (!lab) throw new Problem('not_found', `There is no lab with the code ${code}.`);
  return lab;
}
