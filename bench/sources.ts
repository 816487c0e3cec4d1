/** Texts of definitions for the measurements: copies of the built-in ones under other names. */
import { readShipped } from '../registry/services/start/shipped.ts';

/**
 * Returns a function that makes the text of a valid definition of a few KB. Each name and revision gives a different
 * text.
 */
export async function sources(): Promise<(name: string, revision?: number) => string> {
  const texts = [...(await readShipped())].map(([name, files]): [string, string] => [
    name,
    Buffer.from(files.get(`${name}.py`) as Uint8Array).toString(),
  ]);
  return (name, revision = 0) => {
    const [old, text] = texts[Number(/\d+$/.exec(name)?.[0] ?? 0) % texts.length] as [
      string,
      string,
    ];
    const renamed = text.replaceAll(new RegExp(`\\b${old}\\b`, 'g'), name);
    return `${renamed}\n\nSERIAL_NUMBER = "${name}-${revision}"\n`;
  };
}
