/**
 * `node test/definitions/python/long.ts [mutants] [seed]`: compares the registry's parser with CPython, for every file
 * of the machine's standard library and for any number of mutated programs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefinitionError } from '../../../registry/definitions/errors.ts';
import { decodeSource } from '../../../registry/definitions/source.ts';
import { disagreement, wrongPlace } from './compare.ts';
import { mutants } from './mutants.ts';
import { newest, onMachine } from './pythons.ts';
import { linesOf, skeletonOf } from './skeleton.ts';

const wanted = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? Date.now());
const cpython = await newest();
const folder = onMachine('python3')?.folder;
const paths = folder
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.py'),
    )
  : [];
const programs: string[] = [];
let [read, differ] = [0, 0];
for (const path of paths) {
  const bytes = readFileSync(join(folder ?? '', path));
  try {
    const { text } = decodeSource(bytes);
    const [seen] = cpython.skeletons([bytes]);
    if (!seen) continue;
    read++;
    if (text.length < 20_000) programs.push(text);
    if (skeletonOf(text).join('\n') === linesOf(seen).join('\n')) continue;
    differ++;
    console.log(`Another tree: ${path}`);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    console.log(`${path}: ${error.message}`);
  }
}
console.log(`${read} files, ${differ} with another tree`);

console.log(`${wanted} changed programs from seed ${seed}`);
let [judged, wrong, misplaced] = [0, 0, 0];
for (const text of mutants(programs, seed)) {
  if (judged++ >= wanted) break;
  const bytes = Buffer.from(text);
  const verdict = cpython.verdicts([bytes])[0];
  if (!verdict) continue;
  const found = disagreement(bytes, verdict);
  if (found) {
    wrong++;
    console.log(found);
  } else if (wrongPlace(bytes, verdict)) misplaced++;
}
console.log(`${wrong} judged otherwise than by CPython, ${misplaced} at another line`);
if (differ + wrong > 0) process.exitCode = 1;
