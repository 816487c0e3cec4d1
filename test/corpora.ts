/**
 * `npm run corpora -- FOLDER [--base NAME=TYPE]… [--python PATH] [--count-only] FOLDER …`: measures how well folders of
 * drivers from real labs are imported. Options apply to the folder before them. Prints for each folder: the classes
 * that CPython's `ast` counts, the imported ones, the skipped ones by reason, the ones that plain Python loads, and how
 * many of these the lab computers' package loads. `--python` is a Python with the folder's packages and the client's
 * (`pip install client/python`). Keep the folders outside this checkout.
 */
import { AnalysisPool } from '../registry/analysis/pool.ts';
import { openGitProgram } from '../repos/process.ts';
import { type Corpus, measure, type Outcome } from './corpora/corpus.ts';

const corpora = read(process.argv.slice(2));
const git = await openGitProgram();
const analysis = new AnalysisPool();
try {
  for (const corpus of corpora) show(corpus, await measure(corpus, { git, analysis }));
} finally {
  await analysis.close();
  git.close();
}

function read(args: string[]): Corpus[] {
  const found: Corpus[] = [];
  for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
    const last = found.at(-1);
    if (!arg.startsWith('--'))
      found.push({ folder: arg, bases: [], python: 'python3', countOnly: false });
    else if (last && arg === '--count-only') last.countOnly = true;
    else if (last && arg === '--base') last.bases.push(args.shift() ?? '');
    else if (last && arg === '--python') last.python = args.shift() ?? last.python;
    else fail();
  }
  return found.length > 0 ? found : fail();
}

function fail(): never {
  console.error(
    'Usage: npm run corpora -- FOLDER [--base NAME=TYPE] [--python PATH] [--count-only] [FOLDER …]',
  );
  process.exit(2);
}

function show(corpus: Corpus, outcome: Outcome): void {
  const { report, counted, uncounted, outside, inLab, seconds } = outcome;
  const all = Object.values(counted).flat();
  const usual = all.filter(
    ([, , abstract, isPrivate, isTest]) => !abstract && !isPrivate && !isTest,
  );
  const names = new Set(report.imported.map(({ name }) => name));
  const reported = new Set(report.skipped.flatMap((skip) => skip.class ?? []));
  const unreported = usual
    .map(([name]) => name)
    .filter((name) => !names.has(name) && !reported.has(name));
  console.log(`\n# ${corpus.folder} (${corpus.python})`);
  console.log(
    `classes by ast       ${all.length} (${usual.length} not abstract, private or in tests)`,
  );
  console.log(
    `imported             ${names.size} in ${seconds.toFixed(1)} s, ${report.counts.warnings} warnings`,
  );
  list('  not counted by ast', uncounted);
  list('  counted, and neither imported nor reported', unreported);
  console.log(`classes skipped      ${report.skipped.filter((skip) => skip.class).length}`);
  for (const [reason, classes] of groupByReason(report.skipped)) list(`  ${reason}`, classes);
  if (corpus.countOnly) return;
  const loads = Object.keys(outside).filter((name) => outside[name] === null);
  const both = loads.filter((name) => inLab[name] === null);
  console.log(`load outside         ${loads.length} of ${names.size}`);
  console.log(
    `of these in the lab  ${both.length} (${((100 * both.length) / loads.length).toFixed(1)} %)`,
  );
  console.log(
    `in the lab at all    ${Object.values(inLab).filter((error) => error === null).length}`,
  );
  const warned = new Set(
    report.imported.filter(({ warnings }) => warnings.length > 0).map(({ name }) => name),
  );
  for (const name of loads) {
    if (inLab[name] !== null)
      console.log(`  ${name}${warned.has(name) ? '' : ' (no warning)'}: ${inLab[name]}`);
  }
}

/** Groups classes by reason. Removes numbers and names from the reason. */
function groupByReason(skipped: Outcome['report']['skipped']): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const { class: name, reason } of skipped) {
    if (name === undefined) continue;
    const kind = reason.replace(/(; copied into| clashes with| same as).*/, '$1 …');
    groups.set(kind, [...(groups.get(kind) ?? []), name]);
  }
  return [...groups].sort((a, b) => b[1].length - a[1].length);
}

function list(title: string, names: readonly string[]): void {
  if (names.length === 0) return;
  const shown = names.slice(0, 12).join(', ');
  console.log(`${title}: ${names.length} (${shown}${names.length > 12 ? ', …' : ''})`);
}
