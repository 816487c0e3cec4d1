import { WireError } from './errors.ts';

/** The id by which the protocol says "no object". */
export const ZERO_OID = '0'.repeat(40);

const OID = /^[0-9a-f]{40}$/;

/** Returns the text if it is an object id. Throws WireError otherwise. */
export function parseOid(text: string): string {
  if (!OID.test(text))
    throw new WireError(`not an object id: ${JSON.stringify(text.slice(0, 80))}`);
  return text;
}
