/** Validates a whole definition: syntax, lint, policy, header, and what the class must have. */

import { type Analysis, analyseClass } from './analysis.ts';
import { defines } from './attributes.ts';
import { compare } from './contradictions.ts';
import { checkDataFiles } from './data-files.ts';
import { DefinitionError } from './errors.ts';
import { fileUses } from './file-use.ts';
import { readSources, savedBytes, siblingsOf, withChanges } from './files.ts';
import { headerOf } from './header.ts';
import type { ReadHeader } from './header-fields.ts';
import { hiddenCharacters, otherTexts } from './hidden.ts';
import { lint } from './lint.ts';
import { lookAlikes } from './lookalikes.ts';
import { checkName, checkPaths } from './names.ts';
import { checkPolicy, grantOf, policyIn } from './policy.ts';
import { isRecording, readRecording } from './recordings.ts';
import { checkSchema } from './schema.ts';
import { shadows } from './shadowing.ts';
import { checkSimulator, SIMULATOR } from './simulator.ts';
import { excess, SETTINGS } from './size.ts';
import { encodeTyped, positions } from './source.ts';
import { type Module, parseModule } from './syntax.ts';
import type { Diagnostic, Files, ImportPolicy, Span, Validation } from './types.ts';
import { newerSyntax } from './verdict.ts';

/** The most findings of one kind for one file. Nobody reads more. */
const MAX_REPORTED = 1000;

const START: Span = { line: 1, column: 1, end_line: 1, end_column: 1 };

/**
 * Validates a definition without running it. Never throws. `files` are all files, or the typed text of the main file.
 * For a typed text, `beside` are the other files, and `edited` has new texts for some files (null removes a file).
 * Without a name, the last instrument class of the text is validated.
 */
export function validateDefinition(
  name: string | undefined,
  files: Files | string,
  policy: ImportPolicy,
  beside: Files = new Map(),
  edited: Readonly<Record<string, string | null>> = {},
): Validation {
  const result: Validation = { valid: false, errors: [], warnings: [], class_info: null };
  const path = name === undefined ? 'source.py' : `${name}.py`;
  const given =
    typeof files === 'string' ? typed(path, files, { beside, edited }, result.errors) : files;
  const { texts, errors } = readSources(given);
  for (const [file, found] of errors) locate(found, file, path, result.errors);
  const why = name === undefined ? null : checkName(name);
  if (why !== null) result.errors.push({ ...START, code: 'bad-name', message: why });
  if (typeof files !== 'string' && !given.has(path))
    result.errors.push({ ...START, code: 'missing-file', message: `There is no file ${path}` });
  for (const [file, text] of [...texts, ...otherTexts(given)])
    locate(hiddenCharacters(text), file, path, result.warnings);
  const data = checkDataFiles(given);
  result.errors.push(...data.errors);
  result.warnings.push(...data.warnings);
  checkTests(name, given, path, result);
  const modules = new Map<string, Module>();
  for (const [file, source] of texts) {
    locate(shadows(file, path), file, path, result.warnings);
    const module = checkFile(file, source, path, policy, result);
    if (module) modules.set(file, module);
  }
  const module = modules.get(path);
  const requires = module && headerOf(module).header.requires_python;
  for (const [file, one] of modules)
    locate(newerSyntax(one, requires), file, path, result.warnings);
  if (module && parses(result))
    checkDefinition(name, module, siblingsOf(path, modules), policy, result);
  result.valid = result.errors.length === 0;
  return result;
}

/** Checks the files that tests without hardware use: recordings and the description of simulated instruments. */
function checkTests(
  name: string | undefined,
  files: Files,
  main: string,
  { errors, warnings }: Validation,
): void {
  for (const [file, bytes] of files) {
    if (file === SIMULATOR) locate(checkSimulator(bytes), file, main, errors);
    if (!isRecording(file)) continue;
    const found = readRecording(bytes, name);
    locate(found.errors, file, main, errors);
    locate(found.warnings, file, main, warnings);
  }
}

/** The files as a save would write them. Adds an error for each text that its declared encoding cannot represent. */
function typed(
  main: string,
  text: string,
  { beside, edited }: { beside: Files; edited: Readonly<Record<string, string | null>> },
  errors: Diagnostic[],
): Files {
  const written = new Map<string, Uint8Array | null>();
  const texts = Object.entries({ ...edited, [main]: text });
  for (const [path, one] of texts) {
    try {
      const write = (): Uint8Array =>
        path === main ? encodeTyped(text) : savedBytes(path, one as string, beside.get(path));
      written.set(path, one === null ? null : write());
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      locate(error.diagnostics, path, main, errors);
      if (path === main) return new Map();
    }
  }
  const files = withChanges(beside, written);
  for (const { path, message } of checkPaths(files.keys()))
    if (path !== main) locate([{ ...START, code: 'bad-name', message }], path, main, errors);
  return files;
}

/** Adds findings to `result`. A finding outside the main file names its file, in `file` and in the message. */
function locate(
  found: readonly Diagnostic[],
  file: string,
  main: string,
  result: Diagnostic[],
): void {
  for (const one of found.slice(0, MAX_REPORTED))
    result.push(file === main ? one : { ...one, file, message: `${file}: ${one.message}` });
}

function parses({ errors }: Validation): boolean {
  return !errors.some((one) => ['syntax', 'too-deep', 'too-large', 'encoding'].includes(one.code));
}

function checkFile(
  file: string,
  text: string,
  main: string,
  policy: ImportPolicy,
  result: Validation,
): Module | null {
  try {
    const module = parseModule(text);
    const { syntax, errors, warnings } = lint(module);
    if (syntax.length > 0) {
      locate(syntax, file, main, result.errors);
      return null;
    }
    locate(lookAlikes(module), file, main, result.warnings);
    locate(warnings, file, main, result.warnings);
    locate(errors, file, main, result.errors);
    const here = policyIn(file, policy);
    locate(checkPolicy(module, here), file, main, result.errors);
    locate(fileUses(module, here), file, main, result.warnings);
    return module;
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    locate(error.diagnostics, file, main, result.errors);
    return null;
  }
}

function checkDefinition(
  name: string | undefined,
  module: Module,
  siblings: ReadonlyMap<string, Module>,
  policy: ImportPolicy,
  result: Validation,
): void {
  const header = headerOf(module);
  result.errors.push(...header.errors);
  checkPermissions(header, policy, result);
  result.warnings.push(...header.warnings);
  const analysis = analyseClass(module, name, siblings);
  if (!analysis) {
    const message =
      name === undefined ? 'There is no instrument class' : `There is no class ${name}`;
    result.errors.push({ ...START, code: 'missing-class', message });
    return;
  }
  result.class_info = {
    ...analysis.info,
    ...(header.header.settings_schema && { settings_schema: header.header.settings_schema }),
  };
  checkClass(analysis, header, module.text, result);
  checkSettings(analysis, header, result);
}

function checkClass(
  analysis: Analysis,
  header: ReadHeader,
  text: string,
  result: Validation,
): void {
  const { info, found, ancestry } = analysis;
  const { nameNode } = found.statement;
  const span = positions(text).span(nameNode.from, nameNode.to);
  const error = (code: string, message: string) => result.errors.push({ ...span, code, message });
  const warn = (code: string, message: string) => result.warnings.push({ ...span, code, message });
  const { type, foreign } = ancestry;
  const stated = header.header.instrument_type;
  const isOwn = type === null && foreign === null;
  if (isOwn && stated && ancestry.classes.length > 1)
    warn(
      'own-base',
      `${info.name} inherits from none of PyBirch's base classes: only the header says that it is a ${stated}`,
    );
  else if (isOwn)
    error('not-an-instrument', `${info.name} inherits from none of PyBirch's base classes`);
  else if (type === null && !stated)
    error(
      'not-an-instrument',
      `${info.name} inherits from ${foreign}, and the files do not show whether ${foreign} is an instrument: if it is, state instrument-type in the header`,
    );
  else if (!ancestry.certain && !stated)
    warn(
      'uncertain-base',
      `${info.name} inherits from ${ancestry.base} in only some branches: if it is always a ${type}, state instrument-type in the header`,
    );
  result.warnings.push(...compare(info, header));
  const columns = header.header.data_columns ?? info.data_columns;
  const units = header.header.data_units ?? info.data_units;
  const has = (...names: string[]): boolean =>
    [...names, '__getattr__'].some((name) => defines(ancestry.classes, name));
  if ((stated ?? type) === 'measurement' && foreign === null) {
    if (columns === null && !has('data_columns', 'columns'))
      warn('no-data-columns', unstated(analysis, 'data_columns'));
    if (columns !== null && units === null && isComputed(analysis, 'data_units'))
      warn('unknown-units', unstated(analysis, 'data_units'));
    if (!has('_perform_measurement_impl', 'perform_measurement'))
      warn('no-measurement', `${info.name} does not implement _perform_measurement_impl`);
  }
  if ((stated ?? type) === 'movement' && foreign === null) {
    const column = header.header.position_column ?? info.position_column;
    if (column === null && !has('position_column'))
      warn('no-position-column', unstated(analysis, 'position_column'));
    const unit = header.header.position_units ?? info.position_units;
    if (column !== null && unit === null && isComputed(analysis, 'position_units'))
      warn('unknown-units', unstated(analysis, 'position_units'));
    if (!has('position'))
      warn('no-position', `${info.name} does not implement the position property`);
  }
  if (analysis.described.settings === undefined && header.header.default_settings === undefined)
    warn('unknown-settings', unknownSettings(analysis));
  if (columns && units && columns.length !== units.length)
    error(
      'units-mismatch',
      `${info.name} has ${columns.length} data columns, but ${units.length} data units`,
    );
}

type Stated = 'data_columns' | 'data_units' | 'position_column' | 'position_units';

/** Whether the code states a value that can only be known by running the code. */
function isComputed({ described }: Analysis, name: Stated): boolean {
  return described.values[name] === undefined;
}

function unstated({ info, described }: Analysis, name: Stated): string {
  if (described.values[name] === null) return `${info.name} does not state its ${name}`;
  const key = name.replace('_', '-');
  return `The ${name} of ${info.name} cannot be read from the code, because the code computes or changes them: state ${key} in the header`;
}

function unknownSettings({ info, described }: Analysis): string {
  const unknown = [...(described.keys ?? [])].flatMap(([key, value]) =>
    value === undefined ? [key] : [],
  );
  const what =
    unknown.length === 0
      ? `The default settings of ${info.name}`
      : `The defaults of ${unknown.slice(0, 5).join(', ')} in the settings of ${info.name}`;
  return `${what} cannot be read from the code, so pages show none: state default-settings in the header`;
}

/** Reports permissions that the header asks for and nobody has granted. */
function checkPermissions(
  { header, spans }: ReadHeader,
  policy: ImportPolicy,
  result: Validation,
): void {
  for (const name of header.permissions ?? []) {
    if (grantOf(name, policy) === null) continue;
    const message = `The header asks for ${name}, which no lab admin has granted: ask a lab admin to grant it with the approval, or remove it from permissions`;
    result.errors.push({
      ...(spans.get('permissions') ?? START),
      code: 'banned-permission',
      message,
    });
  }
}

function checkSettings(
  { info }: Analysis,
  { header, spans }: ReadHeader,
  result: Validation,
): void {
  for (const field of ['default_settings', 'settings_schema'] as const) {
    const more = excess(header[field] ?? info[field], SETTINGS);
    if (more === null) continue;
    const message = `${field} has ${more}: put tables into a data file`;
    result.errors.push({ ...(spans.get(field) ?? START), code: 'too-large', message });
    return;
  }
  if (!header.settings_schema) return;
  const span = spans.get('settings_schema') ?? START;
  const defaults = header.default_settings ?? info.default_settings;
  const { errors, warnings } = checkSchema(header.settings_schema, defaults);
  result.errors.push(...errors.map((message) => ({ ...span, code: 'settings-schema', message })));
  result.warnings.push(
    ...warnings.map((message) => ({ ...span, code: 'settings-schema', message })),
  );
}
