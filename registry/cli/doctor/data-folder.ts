/** Checks the data folder: space, permissions, keys, interrupted changes. Only reads. */
import { createPrivateKey } from 'node:crypto';
import { access, constants, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { hasRepositories, namesIn } from '../../data-folder.ts';
import type { dataPaths } from '../../data-paths.ts';
import { readIfThere } from '../../keys.ts';
import { privatePath } from '../../signing/keys.ts';
import { backupState } from '../backup-notes.ts';
import { bytes, counted, duration, type Finding, ok, problem, warning } from './finding.ts';

type Paths = ReturnType<typeof dataPaths>;

const MIB = 1024 * 1024;
/** Below this free space, a backup or a repack may fail. */
const SHORT_OF_SPACE = 1024 * MIB;
const OUT_OF_SPACE = 100 * MIB;
const SHORT_OF_INODES = 20_000;
const OUT_OF_INODES = 1000;
/** A change takes milliseconds to seconds. */
const LONGEST_CHANGE_MS = 60_000;
const OLD_BACKUP_MS = 7 * 24 * 60 * 60_000;
/** Types of file systems on other machines (statfs(2)). */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
]);

export interface DataFolderOptions {
  paths: Paths;
  /** Whether the database is in the data folder. */
  isEmbedded: boolean;
  /** Whether the session secret comes from the configuration. */
  hasSecret: boolean;
}

export async function checkDataFolder(options: DataFolderOptions): Promise<Finding[]> {
  const { paths } = options;
  if ((await kindOf(paths.root)) === undefined) {
    const advice =
      'If there was a registry, mount or restore its data folder before you start. Otherwise the first start creates the folder.';
    return [warning('data-folder', `${paths.root} does not exist`, advice)];
  }
  return [
    ...(await checkSpace(options)),
    ...(await checkPermissions(paths)),
    await checkKeys(options),
    await checkJournal(paths.journal),
    await checkLastBackup(paths),
  ];
}

async function checkSpace({ paths, isEmbedded }: DataFolderOptions): Promise<Finding[]> {
  const { bavail, bsize, blocks, files, ffree, type } = await statfs(paths.root);
  const free = bavail * bsize;
  const space = `${bytes(free)} of ${bytes(blocks * bsize)} are free in ${paths.root}`;
  const moreSpace = `Delete other files from the file system of ${paths.root}, or enlarge it.`;
  const findings = [
    free < OUT_OF_SPACE
      ? problem('disk-space', space, moreSpace)
      : free < SHORT_OF_SPACE
        ? warning('disk-space', space, moreSpace)
        : ok('disk-space', space),
  ];
  // Some file systems, such as Btrfs, have no fixed number of inodes and say 0.
  const inodes = files === 0 ? 'no limit' : `${ffree} of ${files} inodes are free`;
  const moreInodes =
    'Run `registry maintain`, which packs objects into few files, or use a file system with more inodes.';
  findings.push(
    files === 0 || ffree >= SHORT_OF_INODES
      ? ok('inodes', inodes)
      : (ffree < OUT_OF_INODES ? problem : warning)('inodes', inodes, moreInodes),
  );
  const network = NETWORK_FILE_SYSTEMS.get(type);
  if (network !== undefined && isEmbedded) {
    const advice =
      'Set DATABASE_URL to a PostgreSQL server, or move DATA_DIR to a disk of this machine.';
    findings.push(problem('file-system', `the embedded database is on ${network}`, advice));
  }
  return findings;
}

async function checkPermissions(paths: Paths): Promise<Finding[]> {
  const { uid } = await stat(paths.root);
  const own = process.getuid?.();
  if (own !== undefined && own !== uid) {
    const advice = `Run the registry and its commands as the owner of the folder: sudo -u '#${uid}' npx registry doctor`;
    return [
      warning(
        'permissions',
        `${paths.root} belongs to user ${uid}, but you are user ${own}`,
        advice,
      ),
    ];
  }
  const refused: string[] = [];
  const open: string[] = [];
  for (const path of [paths.root, paths.repositories, paths.journal, paths.keys, paths.database]) {
    const found = await kindOf(path);
    if (found === undefined) continue;
    if ((found.mode & 0o077) !== 0) open.push(path);
    const mode = constants.R_OK | constants.W_OK | constants.X_OK;
    const can = await access(path, mode).then(
      () => true,
      () => false,
    );
    if (!can || !found.isDirectory()) refused.push(path);
  }
  if (refused.length > 0) {
    const advice =
      'The account of the registry must be able to read and write these folders. Check their owner and mode, and whether the file system is mounted read-only.';
    return [problem('permissions', `cannot write to ${refused.join(', ')}`, advice)];
  }
  if (open.length > 0) {
    const advice = 'When the registry starts, it sets the mode of its data folders to 0700.';
    return [warning('permissions', `other accounts can read ${open.join(', ')}`, advice)];
  }
  return [ok('permissions', 'only the account of the registry can read the data folder')];
}

async function checkKeys({ paths, hasSecret }: DataFolderOptions): Promise<Finding> {
  const advice =
    'Restore the folder `keys` from a backup. New keys would make all earlier signatures unknown.';
  const isUsed = await hasRepositories(paths.repositories);
  if ((await namesIn(paths.keys)).length === 0) {
    return isUsed
      ? problem('keys', `there are repositories, but no keys in ${paths.keys}`, advice)
      : ok('keys', 'the first start creates the keys');
  }
  try {
    if (!hasSecret && ((await readIfThere(join(paths.keys, 'session-secret'))) ?? '').length < 32) {
      return problem('keys', 'the session secret is missing or damaged', advice);
    }
    const list = await readIfThere(join(paths.keys, 'signing-keys.json'));
    if (list === undefined)
      return isUsed
        ? problem('keys', 'signing-keys.json is missing', advice)
        : ok('keys', 'the first start creates the keys');
    const keys = JSON.parse(list) as { fingerprint: string }[];
    const fingerprint = keys.at(-1)?.fingerprint ?? '';
    createPrivateKey(await readFile(privatePath(paths.keys, { fingerprint })));
    return ok('keys', `versions are signed with ${fingerprint}`);
  } catch (error) {
    return problem('keys', `a key cannot be read: ${(error as Error).message}`, advice);
  }
}

async function checkJournal(folder: string): Promise<Finding> {
  const old: string[] = [];
  for (const name of (await namesIn(folder)).filter((name) => !name.startsWith('.'))) {
    const found = await kindOf(join(folder, name));
    if (found?.isFile() && Date.now() - found.mtimeMs > LONGEST_CHANGE_MS) old.push(name);
  }
  if (old.length === 0) return ok('journal', 'no change was interrupted');
  const definitions = [...new Set(old.map((name) => name.split('~')[0]))].join(', ');
  return warning(
    'journal',
    `${counted(old.length, 'change')} did not end: ${definitions}`,
    'Run `registry fsck`, which completes interrupted changes.',
  );
}

async function checkLastBackup(paths: Paths): Promise<Finding> {
  const { last, failure } = await backupState(paths);
  if (failure !== null) {
    return problem(
      'backup',
      `the last automatic backup failed at ${failure.at.toISOString()}: ${failure.why}`,
      'Correct what it names. The server tries again by itself.',
    );
  }
  const advice =
    'Set BACKUP_DIR, so that the server makes backups, or run `registry backup FILE` regularly (docs/backup.md).';
  if (last === null) return warning('backup', 'no `registry backup` is known', advice);
  const age = Date.now() - last.getTime();
  const text = `the last complete \`registry backup\` is ${duration(age)} old`;
  return age > OLD_BACKUP_MS ? warning('backup', text, advice) : ok('backup', text);
}

const kindOf = (path: string) =>
  stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
