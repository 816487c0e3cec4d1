/** Texts of definitions for the measurements: copies of the built-in ones under other names. */
import { readdir, readFile } from 'node:fs/promises';

const SHIPPED = new URL('../registry/builtin/', import.meta.url);

/**
 * Returns a function that makes the text of a valid definition of a few KB. Each name and revision gives a different
 * text.
 */
export async function sources(): Promise<(name: string, revision?: number) => string> {
  const files = (await readdir(SHIPPED)).filter((file) => file.endsWith('.py')).sort();
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, SHIPPED), 'utf8')));
  return (name, revision = 0) => {
    const i = Number(/\d+$/.exec(name)?.[0] ?? 0) % files.length;
    const old = (files[i] as string).slice(0, -'.py'.length);
    const renamed = (texts[i] as string).replaceAll(new RegExp(`\\b${old}\\b`, 'g'), name);
    return `${renamed}\n\nSERIAL_NUMBER = "${name}-${revision}"\n`;
  };
}
