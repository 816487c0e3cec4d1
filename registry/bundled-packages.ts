/**
 * Packages that every start loads, from a few files instead of some 750. `npm install` makes those files
 * (rolldown.config.ts); where they are missing, or were made of other packages than are installed, everything is
 * loaded from node_modules as usual.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const NODE_MODULES = new URL('../node_modules/', import.meta.url);

/** Where the bundle is, and in it the file that tells what it is. */
export const BUNDLE = new URL('.cache/packages/', NODE_MODULES);
export const MANIFEST = 'manifest.json';

export interface Manifest {
  /** What was installed when the bundle was made. */
  installed: string;
  /** The name of a package → its file in the bundle. */
  files: Record<string, string>;
}

/** A digest of all packages that are installed, by npm's own record of them. */
export function installedPackages(): string {
  const record = readFileSync(new URL('.package-lock.json', NODE_MODULES));
  return createHash('sha256').update(record).digest('hex');
}

/** From here on, imports of bundled packages lead into the bundle. Returns whether there is one that fits. */
export function useBundledPackages(bundle = BUNDLE): boolean {
  const manifest = readManifest(bundle);
  if (manifest?.installed !== installedPackages()) return false;
  const urls = new Map(
    Object.entries(manifest.files).map(([name, file]) => [name, new URL(file, bundle).href]),
  );
  registerHooks({
    resolve(name, context, next) {
      // What require() is given by a package that is not in the bundle stays CommonJS.
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
