/**
 * `npm run pictures`: runs the browser tests to take the pictures in docs/pictures/ again, and writes the page that
 * shows them. Deletes pictures that no test takes any more. With arguments, only these test files run, and nothing is
 * deleted: `npm run pictures -- test/web-components/compare.test.ts`.
 */
import { globSync } from 'node:fs';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testFiles } from './run/files.ts';
import { BUILD } from './run/jobs.ts';
import { runInLanes } from './run/lanes.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'docs', 'pictures');
const asked = process.argv.slice(2);
const tests = asked.length > 0 ? asked : globSync('test/web-components/*.test.ts', { cwd: root });

// This setting makes the tests save pictures.
process.env.PICTURES = '1';
const began = Date.now();
const jobs = [BUILD, ...testFiles(tests)].map((job) => ({ ...job, limit: 900 }));
const isDone = (await runInLanes(1, jobs)).every(({ code }) => code === 0);

const taken: string[] = [];
const left: string[] = [];
for (const name of (await readdir(folder)).filter((name) => name.endsWith('.png')).sort()) {
  const { mtimeMs } = await stat(join(folder, name));
  (mtimeMs >= began ? taken : left).push(name);
}
console.log(`\n${taken.length} pictures taken:\n${taken.map((name) => `  ${name}`).join('\n')}`);
if (!isDone) {
  console.log('The run failed. Pictures that it did not take are unchanged.');
  process.exitCode = 1;
} else if (asked.length === 0) {
  for (const name of left.splice(0)) {
    await rm(join(folder, name));
    console.log(`deleted ${name}, because no test takes it any more`);
  }
}
await writeFile(join(folder, 'README.md'), gallery([...taken, ...left].sort()));

/**
 * The page with all pictures. The page shows each picture wide and in light, with links to its other variants. Pure.
 */
function gallery(files: readonly string[]): string {
  const pages = Map.groupBy(files, (file) => file.replace(/-(light|dark)-\d+\.png$/, ''));
  const sections = [...pages].map(([name, pictures]) => {
    const links = pictures.map((file) => `[${file.slice(name.length + 1, -4)}](${file})`);
    const [first] = pictures.filter((file) => file.includes('-light-1280'));
    const title = name.charAt(0).toUpperCase() + name.slice(1).replaceAll('-', ' ');
    return `## ${title}\n\n![${title}](${first})\n\n${links.join(' · ')}\n`;
  });
  return `# Pictures of the web interface\n\nTaken by \`npm run pictures\`, in light and dark, 1280 and 360 pixels wide.\n\n${sections.join('\n')}`;
}
