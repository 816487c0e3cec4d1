/** Reading loose objects: most of what is asked for was written lately, and is a file of its own. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflate, inflateSync } from 'node:zlib';
import type { StoredObject } from './cat-file.ts';
import type { ObjectType } from './object-text.ts';
import type { Oid } from './types.ts';

const inflateLarge = promisify(inflate);

/** Deflated bytes that take less time to inflate than a thread takes to be woken. */
const SMALL = 32 * 1024;

/** From the first of these objects folders that has it; undefined where none has. Throws where it is damaged. */
export async function readLoose(
  folders: readonly string[],
  oid: Oid,
): Promise<StoredObject | undefined> {
  for (const folder of folders) {
    const path = join(folder, oid.slice(0, 2), oid.slice(2));
    // Asked beforehand, for an error that is thrown costs more than a look.
    if (!existsSync(path)) continue;
    const deflated = await readFile(path);
    const whole = deflated.length < SMALL ? inflateSync(deflated) : await inflateLarge(deflated);
    return parse(whole, oid);
  }
  return undefined;
}

/** Type, size, NUL, content (gitformat-loose(5)); the name is the hash of all of it. */
function parse(whole: Buffer, oid: Oid): StoredObject {
  const end = whole.indexOf(0);
  const [, type, size] =
    /^(blob|tree|commit|tag) (\d+)$/.exec(whole.toString('latin1', 0, end)) ?? [];
  const bytes = whole.subarray(end + 1);
  const sound =
    bytes.length === Number(size) && createHash('sha1').update(whole).digest('hex') === oid;
  if (!sound) throw new Error(`the loose object ${oid} is damaged`);
  return { type: type as ObjectType, bytes };
}
