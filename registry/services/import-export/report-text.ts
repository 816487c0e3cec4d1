/** Formats the report of an import as text. Classes that were not imported come first, and equal causes are grouped. */
import { visibleLine } from '../../../text/hidden.ts';
import type { Imported, ImportReport, SkippedClass } from './import-report.ts';
import { isLost } from './import-report.ts';

/** The most places that are listed for one cause, unless `verbose` is set. */
const PLACES = 3;

/**
 * Returns the report as lines. Line feeds and other control characters in names and texts from files are escaped.
 * @param verbose whether every place of every cause is listed
 */
export function formatReport(report: ImportReport, verbose = false): string[] {
  return linesOf(report, verbose).map(visibleLine);
}

function linesOf(report: ImportReport, verbose: boolean): string[] {
  const { imported, skipped, dry_run } = report;
  const show = (title: string, entries: readonly Entry[]): string[] =>
    entries.length === 0 ? [] : [`${title}:`, ...groupByCause(entries, verbose), ''];
  const of = (...kinds: SkippedClass['kind'][]): SkippedClass[] =>
    skipped.filter(({ kind }) => kinds.includes(kind));
  const clashes = [...of('clash'), ...of('taken')];
  return [
    ...show('Not imported: the name is taken', clashes.map(lineOf)),
    ...(of('clash').length > 0
      ? [
          '  If several classes have one name, --prefer PATH imports the one in that file or folder, and',
          '  --rename PATH:OLD=NEW imports one under another name.',
          '',
        ]
      : []),
    ...show(
      'Not imported',
      skipped.filter((one) => isLost(one) && !clashes.includes(one)).map(lineOf),
    ),
    ...show(dry_run ? 'Would import' : 'Imported', imported.flatMap(landedLines)),
    ...loadingLines(imported, verbose),
    ...show(
      'Imported with an override of the policy',
      imported.flatMap((one) => one.overrides.map(({ message }) => ruleOf(one, message))),
    ),
    ...show(
      'Warnings',
      imported.flatMap((one) => one.warnings.map((text) => ruleOf(one, text))),
    ),
    ...show('Skipped classes', of('helper', 'same', 'unasked').map(lineOf)),
    ...emptyFileLines(of('nothing'), verbose),
    summary(report),
  ];
}

interface Entry {
  cause: string;
  place: string;
}

/** Groups entries by cause. If a cause has several places, the next line lists them. */
function groupByCause(entries: readonly Entry[], verbose: boolean): string[] {
  const causes = new Map<string, string[]>();
  for (const { cause, place } of entries) {
    const places = causes.get(cause);
    if (places) places.push(place);
    else causes.set(cause, [place]);
  }
  return [...causes]
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([cause, places]) => {
      if (places.length === 1) return [`  ${places[0]}: ${cause}`];
      const shown = verbose ? places : places.slice(0, PLACES);
      const more = places.length - shown.length;
      const rest = more > 0 ? ` and ${more} more` : '';
      return [`  ${places.length} × ${cause}`, `      ${shown.join(', ')}${rest}`];
    });
}

const lineOf = (skip: SkippedClass): Entry => ({ cause: skip.reason, place: place(skip) });

const MARK = { created: 'new', updated: 'updated', unchanged: 'unchanged' };

function landedLines({ name, original, path, line, result, version }: Imported): Entry[] {
  if (result === 'unchanged') return [];
  const number = version === undefined ? '' : ` v${version}`;
  const renamed = original === undefined ? '' : `, class ${original}`;
  return [{ cause: `from ${path}:${line}${renamed}`, place: `${name}${number} (${MARK[result]})` }];
}

/** Separates the place from the cause in a text, so that equal causes can be grouped. */
function ruleOf({ name }: Imported, text: string): Entry {
  const [, where, cause] = /^(\S+?:\d+(?::\d+)?): ([\s\S]*)$/.exec(text) ?? [];
  return where === undefined
    ? { cause: text, place: name }
    : { cause: cause ?? '', place: `${name} (${where})` };
}

function loadingLines(imported: readonly Imported[], verbose: boolean): string[] {
  if (imported.length === 0) return [];
  const entriesFor = (cause: string, fits: (one: Imported) => boolean): Entry[] =>
    imported.filter(fits).map(({ name }) => ({ cause, place: name }));
  const each = (list: (one: Imported) => readonly string[], cause: (what: string) => string) =>
    [...new Set(imported.flatMap(list))]
      .sort()
      .flatMap((what) => entriesFor(cause(what), (one) => list(one).includes(what)));
  const lines = groupByCause(
    [
      ...imported.flatMap(({ name, loads }) =>
        loads.no.slice(0, 1).map((why) => ({ cause: `no: ${why}`, place: name })),
      ),
      ...each(
        ({ loads }) => loads.allow,
        (what) =>
          `only if the lab allows ${what}. Grant it to the definition (docs/permissions.md), or add it to the lab's allowed_imports`,
      ),
      ...each(
        ({ loads }) => (loads.python === null ? [] : [loads.python]),
        (what) => `with Python ${what}`,
      ),
      ...each(
        ({ loads }) => loads.packages,
        (what) => `with the package ${what} installed`,
      ),
    ],
    verbose,
  );
  const yes = imported.filter(({ loads }) => loads.answer === 'yes').length;
  return [
    `Definitions that load on a lab computer without changes: ${yes} of ${imported.length}.`,
    ...lines,
    '',
  ];
}

function emptyFileLines(files: readonly SkippedClass[], verbose: boolean): string[] {
  if (files.length === 0) return [];
  if (verbose)
    return [
      'Files without instruments:',
      ...files.map((one) => `  ${place(one)}: ${one.reason}`),
      '',
    ];
  return [`Files without instruments: ${files.length} (--verbose lists them).`, ''];
}

function summary({ counts, dry_run }: ImportReport): string {
  return (
    `${counts.imported} definitions: ${counts.created} new, ${counts.updated} updated, ` +
    `${counts.unchanged} unchanged. ${counts.lost} not imported, ${counts.skipped - counts.lost} skipped, ` +
    `${counts.warnings} warnings, ${counts.overrides} overrides.${dry_run ? ' Nothing was written (dry run).' : ''}`
  );
}

function place({ path, class: name, line, column }: SkippedClass): string {
  const where =
    line === undefined ? path : `${path}:${line}${column === undefined ? '' : `:${column}`}`;
  return name === undefined ? where : `${where} ${name}`;
}
