/**
 * Runs the commands of the guides for lab computers and for tests from their text. pip builds the package that the registry serves, in a
 * new virtual environment on a computer without git. All commands run against that registry, served as in production.
 * `node test/docs/lab-computer.test.ts --write` updates the printed output. `npm run pythons` runs the guide on the
 * machine's other Pythons.
 */
import { readFile, writeFile } from 'node:fs/promises';
import t from 'tap';
import { CLIENT, pythonWith, runsTheClient } from '../helpers/python.ts';
import { followGuide, sameAsGuides } from './guide.ts';
import { serveGuide } from './guide-registry.ts';
import { writeSteps } from './walk.ts';

t.setTimeout(300_000);

const python = await pythonWith(CLIENT);
const skip = !(await runsTheClient()) && 'needs Python 3.11';

await t.test(
  'the guides for lab computers and tests work as printed, without git',
  { skip },
  async (t) => {
    const followed = await followGuide(t, python, await serveGuide(t));
    if (process.argv.includes('--write'))
      for (const { file, printed } of followed)
        await writeFile(file, writeSteps(await readFile(file, 'utf8'), printed));
    await sameAsGuides(t, followed);
  },
);
