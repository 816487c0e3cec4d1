/**
 * The lab and policy that a version landed under. Everybody can read the tag of a public version, but a lab's
 * policy is not public. So the tag contains only its SHA-256, which the signature covers, and the registry's
 * state of the definition contains the text.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionState, LandedUnder, VersionRecord } from './record.ts';

/**
 * By SHA-256 in hexadecimal: the JSON of a `LandedUnder`, with a salt because policies are few enough to
 * guess.
 */
type Kept = Readonly<Record<string, string>>;

/** The digest for a record, and the state to store; the same state object if it already contains the text. */
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

/** What a record states, or null if it is older than this field. */
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
