import { WireError } from './errors.ts';

/** How the protocol writes "no object". */
export const ZERO_OID = '0'.repeat(40);

const OID = /^[0-9a-f]{40}$/;

/** `text` if it is an object id. Throws WireError otherwise. */
export function parseOid(text: string): string {
  if (!OID.test(text))
    throw new WireError(`not an object id: ${JSON.stringify(text.slice(0, 80))}`);
  return text;
}
