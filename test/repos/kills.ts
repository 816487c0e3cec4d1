/** Kills a landing process repeatedly and checks the result each time. */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Repository } from '../../repos/types.ts';
import { fsck, git } from '../helpers/git.ts';
import { landFiles, type openFixture } from './fixture.ts';

const LANDER = fileURLToPath(new URL('./lander.ts', import.meta.url));

/**
 * Runs a lander and returns the lines that it prints. With `lines`, the lander is killed at a random moment after that
 * many lines.
 */
export async function runLander(folder: string, count: number, lines?: number): Promise<string[]> {
  const child = spawn(process.execPath, [LANDER, folder, `${count}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    output.push(line);
    // A landing takes some milliseconds, so the kill happens at any point of the next landing.
    if (output.length === lines) setTimeout(() => child.kill('SIGKILL'), Math.random() * 8);
  }
  return output;
}

/** Throws if git finds the repository broken, or if its refs are not those of one complete landing. */
export async function checkWhole(repository: Repository): Promise<number> {
  await fsck(repository.path);
  const at = { cwd: repository.path };
  const log = (await git(['log', '--format=%H %P', '--reverse', 'main'], at))
    .split('\n')
    .slice(0, -1);
  const tags = (await git(['tag'], at)).trim().split('\n');
  if (tags.length !== log.length) throw new Error(`${tags.length} tags, ${log.length} commits`);
  for (const [index, line] of log.entries()) {
    const commit = (await repository.version(index + 1))?.commit;
    const parent = index === 0 ? '' : log[index - 1]?.slice(0, 40);
    if (line !== `${commit} ${parent}`) throw new Error(`version ${index + 1} is not on the line`);
  }
  const record = (await repository.versions())[0]?.record;
  if ((await repository.readState())?.text !== record)
    throw new Error('the state belongs to another landing');
  return log.length;
}

export async function killRepeatedly(
  fixture: Awaited<ReturnType<typeof openFixture>>,
  times: number,
): Promise<void> {
  const repository = await fixture.repositories.open('Shared');
  for (let kill = 0; kill < times; kill += 1) {
    const output = await runLander(dirname(fixture.root), 1000, 2 + Math.floor(Math.random() * 6));
    const versions = await checkWhole(repository);
    const lastLanded = output
      .filter((line) => line.startsWith('landed'))
      .at(-1)
      ?.split(' ');
    if (lastLanded !== undefined && versions < Number(lastLanded[1]))
      throw new Error('a landing was lost');
    const record = `after kill ${kill}`;
    await landFiles(repository, { a: record }, record, record);
    if ((await checkWhole(repository)) !== versions + 1)
      throw new Error('the next version did not land');
  }
}
