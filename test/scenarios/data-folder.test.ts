/**
 * Which accounts of the machine can read the data folder. The flaw: DATA_DIR, repos/ and journal/ had mode 0755, so any
 * account saw the names and contents of hidden definitions. Verified: no command leaves anything in the folder
 * accessible to others. The next start closes files that an older registry left open. Exports can be read by others.
 */
import { execFile } from 'node:child_process';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { registry, serve } from '../helpers/command.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);
const run = promisify(execFile);

/** Every path in the folder, including the folder itself, that group or others can access. */
async function listOpen(folder: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true });
  const found: string[] = [];
  for (const path of ['', ...paths]) {
    const { mode } = await lstat(join(folder, path));
    if ((mode & 0o077) !== 0 && (mode & 0o170000) !== 0o120000) found.push(path || '.');
  }
  return found;
}

t.test(
  'other accounts cannot read the data folder, and open files are closed at start',
  async (t) => {
    // Child processes inherit this mask. The mask of a service often lets others read its files.
    process.umask(0o022);
    const folder = t.testdir();
    const DATA_DIR = join(folder, 'var');
    const settings = { DATA_DIR, ADMIN_PASSWORD: 'a good password' };
    await mkdir(DATA_DIR, { mode: 0o755 });
    for (const round of ['made', 'left open by an older registry'] as const) {
      const server = await serve(settings, { first: round === 'made' });
      t.teardown(() => server.signal('SIGKILL'));
      const { token } = await createClient({ url: server.url }).login('admin', 'a good password');
      const { definitions } = createClient({ url: server.url, token });
      const name = round === 'made' ? 'First' : 'Second';
      await definitions.create({ name, source_code: measurement(name) });
      const commands = [
        ['backup', join(folder, `${name}.zip`)],
        ['export', join(folder, name)],
        ['maintain'],
        ['keys', 'rotate'],
      ];
      for (const args of commands)
        t.match(await registry(args, settings), { code: 0 }, args.join(' '));
      t.same(await listOpen(DATA_DIR), [], `beside a running server, ${round}`);
      server.signal('SIGTERM');
      t.match(await server.ended, { code: 0 });
      t.same(await listOpen(DATA_DIR), [], `when it has ended, ${round}`);
      const modes = [
        join(folder, `${name}.zip`),
        join(folder, name),
        join(folder, name, `${name}.py`),
      ];
      t.same(
        await Promise.all(modes.map(async (path) => (await lstat(path)).mode & 0o777)),
        [0o600, 0o755, 0o644],
        'a backup is private, an export can be shared',
      );
      await run('chmod', ['-R', 'go+rX', DATA_DIR]);
      t.ok((await listOpen(DATA_DIR)).length > 50, 'the files are accessible to others again');
    }
    t.match(await registry(['user', 'list'], settings), { code: 0 });
    t.same(await listOpen(DATA_DIR), [], 'a command closes it too');
  },
);
