/** What an administrator does with the command line, while the registry runs or after it was killed. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { killed, registry } from '../helpers/command.ts';
import { measurement } from '../helpers/registry.ts';
import { type Action, blobOf } from './by-rest.ts';

const MOST_DEFINITIONS = 16;

/** Imports two definitions. Sometimes the command itself is killed. */
export const importFolder: Action = async (world) => {
  const { random, history, names, folder, settings, inside } = world;
  if (names.length > MOST_DEFINITIONS - 2) return;
  const path = await mkdtemp(join(folder, 'import-'));
  const entries = [];
  for (let n = 0; n < 2; n++) {
    const mark = history.mark();
    const name = `Imported_${mark}`;
    const source = measurement(name);
    await writeFile(join(path, `${name}.py`), source);
    entries.push(
      history.begin({
        what: 'import',
        about: name,
        mark,
        makes: [`${name} v1`],
        blob: blobOf(source),
      }),
    );
  }
  const args = ['import', path, '--lab', 'kills', '--json'];
  const { code, stdout, stderr } = random.chance(0.3)
    ? await killed(args, settings, after(random.int(3000)), 'SIGKILL', inside)
    : await registry(args, settings, '', inside);
  for (const entry of entries) {
    if (code !== 0) {
      history.end(entry, { answer: 'unknown', detail: stderr.slice(-500) });
      continue;
    }
    const { imported } = JSON.parse(stdout) as { imported: { name: string }[] };
    const isDone = imported.some(({ name }) => name === entry.about);
    history.end(entry, { answer: isDone ? 'done' : 'unknown', detail: stdout.slice(0, 500) });
    if (isDone) names.push(entry.about);
  }
};
