/**
 * Runs a command as on a machine that has never run it: with a new, empty home and temporary folder and, if this
 * account may mount, a private mount over the system's `/tmp` and `/var/tmp` (unshare(1), mount(8)). With these
 * folders, no test can pass because of files that an earlier run left outside the checkout.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { freemem, homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';

/**
 * The folder where Linux keeps files in memory. Databases and repositories of tests in this folder do not wait for a
 * disk.
 */
const MEMORY = '/dev/shm';
/** The number of bytes that must be free in this folder: several times what a whole run needs at once. */
const ROOM = 8 * 2 ** 30;

const SYSTEM_FOLDERS = ['/tmp', '/var/tmp'].filter((folder) => existsSync(folder));

/** Runs `program` in `checkout`, prints how it was isolated, and returns its exit code. */
export async function onCleanMachine(
  checkout: string,
  program: string,
  args: readonly string[],
): Promise<number> {
  // Accessible to all accounts, like /tmp itself, because PostgreSQL runs under another account.
  const folder = await openFolder(tmpdir());
  const mounts = await mayMount();
  // The memory folder is mounted at `folder`, because the lab computers' package treats paths below /dev as devices.
  const memory = mounts && (await hasRoom(MEMORY)) ? await openFolder(MEMORY) : undefined;
  const makeFolder = async (name: string, mode: number): Promise<string> => {
    const path = join(memory ?? folder, name);
    await mkdir(path);
    await chmod(path, mode);
    return join(folder, name);
  };
  try {
    console.log(
      mounts
        ? `A new home, and private mounts over ${SYSTEM_FOLDERS.join(' and ')}${memory ? ', in memory' : ''}.`
        : 'A new home and folder for temporary files. /tmp is shared: this account may not mount.',
    );
    const home = await makeFolder('home', 0o700);
    const temporary = await makeFolder('tmp', 0o1777);
    const environment = { ...process.env, ...settings(), HOME: home, TMPDIR: temporary };
    if (!mounts) return await waitForEnd(program, args, environment);
    const binds = await Promise.all(
      SYSTEM_FOLDERS.map(async (system) => {
        const name = `over${system.replaceAll('/', '-')}`;
        const cover = await makeFolder(name, 0o1777);
        // The run needs these folders, which the mount would cover.
        const needed = [checkout, folder].filter((path) => path.startsWith(system + sep));
        for (const path of needed)
          await mkdir(join(memory ?? folder, name, relative(system, path)), { recursive: true });
        const kept = needed.map((path) => [path, join(cover, relative(system, path))] as const);
        return [...kept.flat(), cover, system];
      }),
    );
    const pairs = [...(memory ? [memory, folder] : []), ...binds.flat()];
    const script = ['sh', '-ec', BIND_AND_RUN, 'sh', String(pairs.length / 2)];
    return await waitForEnd(
      'unshare',
      ['--mount', '--propagation', 'private', ...script, ...pairs, program, ...args],
      environment,
    );
  } finally {
    for (const path of [folder, memory]) if (path) await rm(path, { recursive: true, force: true });
  }
}

async function openFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, 'registry-tests-'));
  await chmod(folder, 0o755);
  return folder;
}

/**
 * Whether the folder has enough room, and allows running programs in it. Containers often mount this folder small, and
 * with `noexec`.
 */
async function hasRoom(folder: string): Promise<boolean> {
  if (!existsSync(folder) || freemem() < ROOM) return false;
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < ROOM) return false;
  const place = await mkdtemp(join(folder, 'registry-tests-'));
  try {
    const program = join(place, 'program');
    await writeFile(program, '#!/bin/sh\n', { mode: 0o700 });
    return await promisify(execFile)(program).then(
      () => true,
      () => false,
    );
  } finally {
    await rm(place, { recursive: true });
  }
}

/** Arguments: the number of mounts, a source and a mount point for each, then the command. */
const BIND_AND_RUN = `
  pairs=$1; shift
  while [ "$pairs" -gt 0 ]; do mount --rbind "$1" "$2"; shift 2; pairs=$((pairs - 1)); done
  exec "$@"`;

async function mayMount(): Promise<boolean> {
  const tried = ['--mount', '--propagation', 'private', 'mount', '--bind', '/tmp', '/tmp'];
  return await promisify(execFile)('unshare', tried).then(
    () => true,
    () => false,
  );
}

/**
 * Settings that programs would otherwise read from the home: how npm and pip reach their package indexes, and the
 * Pythons of a version manager.
 */
function settings(): Record<string, string> {
  const home = homedir();
  const found: Record<string, string> = {};
  const files = [
    ['npm_config_userconfig', '.npmrc'],
    ['PIP_CONFIG_FILE', '.pip/pip.conf'],
    ['PIP_CONFIG_FILE', '.config/pip/pip.conf'],
  ] as const;
  for (const [name, file] of files)
    if (process.env[name] === undefined && existsSync(join(home, file)))
      found[name] = join(home, file);
  const python = 'import sys; print(sys.executable)';
  const interpreter = execFileSync('python3', ['-c', python], { encoding: 'utf8' }).trim();
  // A test with a limit on file sizes (as on a full disk) would write broken bytecode that later processes load.
  found.PYTHONDONTWRITEBYTECODE = '1';
  found.PATH = dirname(interpreter) + delimiter + process.env.PATH;
  return found;
}

async function waitForEnd(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env });
  // The terminal sends the signal to the child too. This process stays alive to clean up.
  const stay = (): void => undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, signal === 'SIGTERM' ? () => child.kill(signal) : stay);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
