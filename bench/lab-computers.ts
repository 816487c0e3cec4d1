/**
 * Measures lab computers: the first sync of a new computer, an update on all computers, and the time until a landing
 * reaches a running program.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLIENT, pythonWith, runsTheClient } from '../test/helpers/python.ts';
import { serve } from './lab/served.ts';
import { measureFirstSync, measureLanding } from './lab/sync.ts';
import { measureUpdate } from './lab/update.ts';
import type { Figure } from './pairs.ts';
import { sources } from './sources.ts';

export interface LabSize {
  definitions: number;
  computers: number;
  /** The number of first syncs. */
  rounds: number;
  updates: number;
  landings: number;
}

export async function measureLab({
  definitions,
  computers,
  rounds,
  updates,
  landings,
}: LabSize): Promise<Figure[]> {
  // The Python client needs a recent Python. On a machine without such a Python, the figures of lab computers are left
  // out.
  await pythonWith(CLIENT);
  if (!(await runsTheClient())) return [];
  const folder = await mkdtemp(join(tmpdir(), 'bench-lab-'));
  const served = await serve(folder, { LOG_LEVEL: 'silent' });
  try {
    const source = await sources();
    const files = join(folder, 'files');
    await mkdir(files);
    const names = Array.from({ length: definitions }, (_, i) => `Device${i}`);
    for (const name of names) await writeFile(join(files, `${name}.py`), source(name));
    await served.import(files);
    const find = async (name: string) => ({
      name,
      id: (await served.client.definitions.byName(name)).id,
    });
    const [first, second, third] = await Promise.all(names.slice(0, 3).map(find));
    if (!first || !second || !third) throw new Error('the folder needs at least three definitions');
    return [
      await measureFirstSync(served, folder, { rounds, names }),
      await measureLanding(served, folder, landings, [first, second]),
      ...(await measureUpdate(served, { rounds: updates, computers, landings }, third)),
    ];
  } finally {
    await served.close();
    await rm(folder, { recursive: true, force: true });
  }
}
