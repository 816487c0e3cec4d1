/**
 * Loads the npm packages that every start needs from a few bundled files instead of about 750. `npm install` makes
 * these files (rolldown.config.ts). If these files are missing, or were made from other packages than the installed
 * ones, Node loads the packages from node_modules as usual.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const NODE_MODULES = new URL('../node_modules/', import.meta.url);

/** The folder of the bundled files. */
export const BUNDLE = new URL('.cache/packages/', NODE_MODULES);
/** The name of the file in this folder that describes the bundle. */
export const MANIFEST = 'manifest.json';

export interface Manifest {
  /** `installedPackages()` when the bundle was made. */
  installed: string;
  /** The bundled file of each package, by the package's name. */
  files: Record<string, string>;
}

/** A digest of npm's own list of all installed packages. */
export function installedPackages(): string {
  const record = readFileSync(new URL('.package-lock.json', NODE_MODULES));
  return createHash('sha256').update(record).digest('hex');
}

/** Makes later imports load bundled packages from the bundle. Returns false if there is no matching bundle. */
export function useBundledPackages(bundle = BUNDLE): boolean {
  const manifest = readManifest(bundle);
  if (manifest?.installed !== installedPackages()) return false;
  const urls = new Map(
    Object.entries(manifest.files).map(([name, file]) => [name, new URL(file, bundle).href]),
  );
  registerHooks({
    resolve(name, context, next) {
      // Leaves require() in packages outside the bundle alone, because it needs CommonJS.
      const url = context.conditions.includes('import') ? urls.get(name) : undefined;
      return url ? { url, format: 'module', shortCircuit: true } : next(name, context);
    },
  });
  return true;
}

function readManifest(bundle: URL): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(new URL(MANIFEST, bundle), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
