/** Unpacks the packaged Chromium once. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/chromium', import.meta.url));

export interface Chromium {
  executablePath: string;
  args: string[];
  /** The environment variables that Chromium needs on a machine without its libraries and fonts. */
  env: Record<string, string>;
}

/**
 * Returns the browser. Unpacks the browser into node_modules/.cache on first use (200 MB). `CHROMIUM` names another
 * browser, for machines that the package does not support.
 */
export async function chromium(): Promise<Chromium> {
  const own = process.env.CHROMIUM;
  if (own !== undefined) return { executablePath: own, args: [], env: {} };
  const folder = await unpack();
  const executablePath = join(folder, 'chromium');
  const { default: packaged } = await import('@sparticuz/chromium');
  return {
    executablePath,
    // These flags are removed. A single process dies with the first tab that crashes. Web security must stay on. A
    // software graphics card takes as long as everything else together.
    args: [...packaged.args.filter((flag) => !NOT_WANTED.test(flag)), '--disable-gpu'],
    env: {
      // The same fonts on every machine, so that pictures and line breaks do not differ.
      FONTCONFIG_PATH: join(folder, 'fonts'),
      ...((await lacksLibraries(executablePath)) && {
        LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      }),
    },
  };
}

const NOT_WANTED =
  /^--(single-process|disable-web-security|allow-running-insecure-content|disable-site-isolation|headless|in-process-gpu|use-gl|use-angle|ignore-gpu-blocklist|enable-unsafe-swiftshader)/;

/**
 * Replaces the package's own font configuration, which names folders outside this one. Paths are relative to the
 * configuration file (fonts-conf(5)).
 */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/**
 * Unpacks into another folder first. Test files run in parallel, and the first one to finish moves the whole folder
 * into place.
 */
async function unpack(): Promise<string> {
  const packageFolder = dirname(
    dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')),
  );
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const folder = join(CACHE, `${version}-fonts`);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const next = await mkdtemp(join(CACHE, 'next-'));
  // The package unpacks into the temporary folder of its process. The files are therefore unpacked by a separate
  // process, which has another temporary folder.
  const script = `
    const { default: chromium, inflate } = await import(${JSON.stringify(pathToFileURL(join(packageFolder, 'build/index.js')))});
    await chromium.executablePath();
    await inflate(${JSON.stringify(join(packageFolder, 'bin/al2023.tar.br'))});`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, TMPDIR: next },
  });
  await writeFile(join(next, 'fonts', 'fonts.conf'), FONTS);
  await rename(next, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(next, { recursive: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return folder;
}

async function lacksLibraries(executable: string): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ldd', [executable]).catch(() => ({ stdout: '' }));
  return stdout.includes('not found');
}
