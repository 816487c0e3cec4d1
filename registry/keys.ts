/** Generates and reads secrets of the registry, in files that only the registry's own account can read. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from './errors.ts';

/**
 * Returns the secret that signs session tokens, and generates it the first time. If several processes start at once, one of
 * them creates the file and the others read it. A hard link creates the file together with its content.
 */
export async function sessionSecret(folder: string): Promise<{ text: string; isNew: boolean }> {
  const path = join(folder, 'session-secret');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = await readIfThere(path);
  if (known === '') throw new Problem('incomplete', `${path} is empty. ${SECRET_BACK}`);
  if (known !== undefined) return { text: known, isNew: false };
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, randomBytes(48).toString('base64url'), { mode: 0o600, flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return { text: await readFile(path, 'utf8'), isNew: true };
}

const SECRET_BACK =
  'Restore the file from a backup, or delete it. If you delete the file, the registry makes a new session secret, and everybody must sign in again.';

/** The text of a file, or undefined if it does not exist. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Returns the content of all key files by name, without locks and drafts. Reads the list of signing keys before and after
 * the files. If a key was rotated meanwhile, reads everything again, so that list and files agree.
 */
export async function readKeys(folder: string): Promise<Map<string, Buffer>> {
  for (;;) {
    const before = await listIn(folder);
    const keys = new Map<string, Buffer>();
    for (const name of await readdir(folder).catch(() => [])) {
      if (!KEY_FILE.test(name)) continue;
      const content = await readFile(join(folder, name)).catch(() => undefined);
      if (content) keys.set(name, content);
    }
    if ((await listIn(folder)) === before) return keys;
  }
}

const KEY_FILE = /^(session-secret|signing-keys\.json|signing-[0-9a-f]+\.pem)$/;
const listIn = (folder: string) => readIfThere(join(folder, 'signing-keys.json'));
