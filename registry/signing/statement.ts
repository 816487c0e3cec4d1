/**
 * What the registry says of a list that it gives out, short enough for a header: whose it is, its number, its date and its
 * digest, signed. Pure. Lab computers check it as The Update Framework has them check its "timestamp" and "snapshot".
 */

/** The purpose that these signatures are made for (PROTOCOL.sshsig, "namespace"): none of them is one of git's. */
export const LISTS = 'lists@pybirch-registry';

export interface Statement {
  /** `computer:<id>`, or `bundle:<whose>`. */
  audience: string;
  /** Rises with every change of what lists are made from, and never falls. */
  number: number;
  timeline: StatedTimeline;
  signed_at: string;
  /** SHA-256 in hexadecimal of the list's bytes. */
  digest?: string;
  /** SHA-256 in hexadecimal of the one-time code that was traded for an enrolment. */
  code?: string;
}

/** From a registry's making, or from its being put back to an earlier state, to the next such event. */
export interface StatedTimeline {
  id: string;
  /** The moment that the backup is of which it began with; null where it began with nothing. */
  restored_from: string | null;
  /** That lab computers are to follow it, and who says so; null where nobody has. */
  confirmed: { by: string; at: string } | null;
}

/** The statement and its signature in one line of printable characters. */
export async function signStatement(
  statement: Statement,
  sign: (payload: Uint8Array, namespace: string) => Promise<string>,
): Promise<string> {
  return await signText(JSON.stringify(statement), LISTS, sign);
}

/** `<base64url of the text>.<base64 of the SSH signature>` */
export async function signText(
  text: string,
  namespace: string,
  sign: (payload: Uint8Array, namespace: string) => Promise<string>,
): Promise<string> {
  const payload = Buffer.from(text);
  const armoured = await sign(payload, namespace);
  const [, ...lines] = armoured.trimEnd().split('\n');
  return `${payload.toString('base64url')}.${lines.slice(0, -1).join('')}`;
}
