/**
 * The lab and policy that a version landed under. The tag of a public version is everybody's, and a lab's policy is not: the tag
 * holds the SHA-256 of it alone, which its signature covers, and the registry's state of the definition holds the text.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionState, LandedUnder, VersionRecord } from './record.ts';

/** By SHA-256 in hexadecimal: the JSON of a `LandedUnder`, with a salt, for there are few policies to guess. */
type Kept = Readonly<Record<string, string>>;

/** The digest for a record, and what the state is to keep; the same object where it keeps that already. */
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

/** What a record says of it, or null where it is from before that was recorded. */
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
