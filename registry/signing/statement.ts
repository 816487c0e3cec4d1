/**
 * The signed statement about a list, short enough for a header: its audience, number, date and digest. Pure.
 * Lab computers check it as The Update Framework's clients check "timestamp" and "snapshot".
 */

import type { Signer } from './keys.ts';

/** The namespace of these signatures (PROTOCOL.sshsig, "namespace"). Git uses none like it. */
export const LISTS = 'lists@pybirch-registry';

export interface Statement {
  /** `computer:<id>`, or `bundle:<whose>`. */
  audience: string;
  /** Rises with every change of the data that lists are made from; never falls. */
  number: number;
  timeline: StatedTimeline;
  signed_at: string;
  /** SHA-256 of the list's bytes, in hexadecimal. */
  digest?: string;
  /** SHA-256 of the one-time code of the enrolment, in hexadecimal. */
  code?: string;
}

/** The period from a registry's creation or restore to its next restore. */
export interface StatedTimeline {
  id: string;
  /** The time of the backup that was restored; null for a new registry. */
  restored_from: string | null;
  /** The user who confirmed that lab computers may follow this timeline; null before that. */
  confirmed: { by: string; at: string } | null;
}

/**
 * The statement and its signature on one line of printable characters:
 * `<base64url of the statement's JSON>.<base64 of the SSH signature>`
 */
export function signStatement(statement: Statement, signer: Pick<Signer, 'sign'>): string {
  const payload = Buffer.from(JSON.stringify(statement));
  const [, ...lines] = signer.sign(payload, LISTS).trimEnd().split('\n');
  return `${payload.toString('base64url')}.${lines.slice(0, -1).join('')}`;
}
