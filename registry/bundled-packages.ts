/**
 * Loads the packages that every start needs from a few files instead of about 750. `npm install` makes these files
 * (rolldown.config.ts). If they are missing or were made from other packages than those installed, node_modules is used
 * as usual.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const NODE_MODULES = new URL('../node_modules/', import.meta.url);

/** The folder of the bundle, and the file in it that describes it. */
export const BUNDLE = new URL('.cache/packages/', NODE_MODULES);
export const MANIFEST = 'manifest.json';

export interface Manifest {
  /** The packages that were installed when the bundle was made. */
  installed: string;
  /** The name of a package → its file in the bundle. */
  files: Record<string, string>;
}

/** A digest of all installed packages, from npm's own record of them. */
export function installedPackages(): string {
  const record = readFileSync(new URL('.package-lock.json', NODE_MODULES));
  return createHash('sha256').update(record).digest('hex');
}

/** Makes later imports of bundled packages load from the bundle. Returns whether a matching bundle exists. */
export function useBundledPackages(bundle = BUNDLE): boolean {
  const manifest = readManifest(bundle);
  if (manifest?.installed !== installedPackages()) return false;
  const urls = new Map(
    Object.entries(manifest.files).map(([name, file]) => [name, new URL(file, bundle).href]),
  );
  registerHooks({
    resolve(name, context, next) {
      // Calls of require() in packages outside the bundle keep getting CommonJS.
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
