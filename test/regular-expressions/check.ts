/**
 * `node test/regular-expressions/check.ts [--update]`: whether every regular expression of the product takes time that is
 * linear in its input. Recheck proves it once for each expression, and `--update` notes the proved ones in `linear.json`.
 * An expression that is not noted is proved now.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from 'recheck';
import { BUILT, EXCEPTIONS } from './exceptions.ts';
import { findExpressions } from './find.ts';

const NOTED = join(import.meta.dirname, 'linear.json');
const noted = new Set<string>(JSON.parse(readFileSync(NOTED, 'utf8')));
const updates = process.argv.includes('--update');
const { literals, built } = findExpressions();

const faults: string[] = [];
for (const [literal, files] of literals) {
  const unexcused = files.filter((file) => !(literal in (EXCEPTIONS[file] ?? {})));
  if (noted.has(literal) || unexcused.length === 0) continue;
  const end = literal.lastIndexOf('/');
  const result = await check(literal.slice(1, end), literal.slice(end + 1), { timeout: 30_000 });
  if (result.status === 'safe') {
    noted.add(literal);
    continue;
  }
  const reason =
    result.status === 'vulnerable'
      ? `${result.complexity.summary}: ${result.attack.pattern}`
      : 'not proved in 30 s';
  faults.push(`${unexcused.join(', ')}: ${literal} is not linear (${reason})`);
}
for (const [file, reasons] of Object.entries(EXCEPTIONS))
  for (const literal of Object.keys(reasons))
    if (!literals.get(literal)?.includes(file))
      faults.push(`exceptions.ts: ${file} does not have ${literal} any more`);
for (const file of built)
  if (!(file in BUILT)) faults.push(`${file}: an expression that is put together needs a reason`);
for (const file of Object.keys(BUILT))
  if (!built.has(file)) faults.push(`exceptions.ts: ${file} puts no expression together any more`);

if (updates) {
  const linear = [...noted].filter((literal) => literals.has(literal)).sort();
  writeFileSync(NOTED, `${JSON.stringify(linear, null, 2)}\n`);
}
for (const fault of faults) console.error(fault);
console.log(`${literals.size} regular expressions, ${faults.length} faults`);
// Recheck's program would keep this one alive.
process.exit(faults.length > 0 ? 1 : 0);
