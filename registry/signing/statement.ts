/**
 * The signed statement that comes with a list of versions, short enough for an HTTP header. A statement names the
 * recipient of the list, and the list's number, date and digest. Lab computers check a statement as The Update
 * Framework's clients check "timestamp" and "snapshot". Pure.
 */

import type { Signer } from './keys.ts';

/** The namespace of signatures of statements (PROTOCOL.sshsig, "namespace"). No signature of git has this namespace. */
export const LISTS = 'lists@pybirch-registry';

export interface Statement {
  /** The recipient of the list: `computer:<id>` or `bundle:<name>`. */
  audience: string;
  /** A number that grows with every change of the data from which lists are made. The number never decreases. */
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
  /** When the restored backup was made; null for a new registry. */
  restored_from: string | null;
  /** The user who confirmed that lab computers may follow this timeline, and when; null until somebody confirms. */
  confirmed: { by: string; at: string } | null;
}

/**
 * Signs a statement and returns statement and signature on one line of printable characters: `<base64url of the
 * statement's JSON>.<base64 of the SSH signature>`
 */
export function signStatement(statement: Statement, signer: Pick<Signer, 'sign'>): string {
  const payload = Buffer.from(JSON.stringify(statement));
  const [, ...lines] = signer.sign(payload, LISTS).trimEnd().split('\n');
  return `${payload.toString('base64url')}.${lines.slice(0, -1).join('')}`;
}
