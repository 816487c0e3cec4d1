/**
 * The lab and policy under which a version landed. The tag of a public version is readable for everybody, but the
 * policy of a lab is not public. So the signed tag contains only the SHA-256 of lab and policy. The text of lab and
 * policy is kept in the registry's state of the definition.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionState, LandedUnder, VersionRecord } from './record.ts';

/**
 * The JSON of each `LandedUnder` by its SHA-256 in hexadecimal. The JSON contains a salt. There are so few different
 * policies that a digest without a salt could be guessed.
 */
type Kept = Readonly<Record<string, string>>;

/**
 * Returns the digest for a record, and the texts to store. If the text is already stored, the returned object is `kept`
 * itself.
 */
export function keepUnder(
  kept: Kept,
  under: LandedUnder,
  salt: string,
): { sha256: string; kept: Kept } {
  const known = Object.entries(kept).find(([, text]) => isDeepStrictEqual(parse(text), under));
  if (known) return { sha256: known[0], kept };
  const text = JSON.stringify({ salt, ...under });
  const sha256 = digest(text);
  return { sha256, kept: { ...kept, [sha256]: text } };
}

/** The lab and policy that a record states, or null if the record is older than the field `landed_under`. */
export function readUnder(
  { landed_under }: VersionRecord,
  { landed_under: kept = {} }: Pick<DefinitionState, 'landed_under'>,
): LandedUnder | null {
  if (landed_under === undefined) return null;
  if (!('sha256' in landed_under)) return landed_under;
  const text = kept[landed_under.sha256];
  return text !== undefined && digest(text) === landed_under.sha256 ? parse(text) : null;
}

function parse(text: string): LandedUnder {
  const { salt: _, ...under } = JSON.parse(text);
  return under;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
