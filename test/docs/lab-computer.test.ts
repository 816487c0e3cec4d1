/**
 * Runs the commands of the guide for lab computers from its text. pip builds the package that the registry serves, in a
 * new virtual environment on a computer without git. All commands run against that registry, served as in production.
 * `node test/docs/lab-computer.test.ts --write` updates the printed output. `npm run pythons` runs the guide on the
 * machine's other Pythons.
 */
import { readFile, writeFile } from 'node:fs/promises';
import t from 'tap';
import { CLIENT, pythonWith, runsTheClient } from '../helpers/python.ts';
import { followGuide, GUIDE, sameAsGuide } from './guide.ts';
import { serveGuide } from './guide-registry.ts';
import { writeSteps } from './walk.ts';

t.setTimeout(300_000);

const python = await pythonWith(CLIENT);
const skip = !(await runsTheClient()) && 'needs Python 3.11';

await t.test('the guide for lab computers works as printed, without git', { skip }, async (t) => {
  const printed = await followGuide(t, python, await serveGuide(t));
  if (process.argv.includes('--write'))
    await writeFile(GUIDE, writeSteps(await readFile(GUIDE, 'utf8'), printed));
  await sameAsGuide(t, printed);
});
