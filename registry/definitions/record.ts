/**
 * What the registry keeps in a repository beside the files themselves, as text: the record of a version
 * (the message of its `vN` tag) and the registry's state of a definition (`state.json` on
 * `refs/registry/state`). Both are JSON, so that text from users can never be mistaken for a field.
 */

export interface PersonRef {
  id: number;
  username: string;
  name: string;
  email: string;
}

export interface Approval {
  by: PersonRef;
  at: string;
  /** The commit that was looked at. */
  head: string;
}

/** A rule that was set aside for this version, by whom it may be and why. */
export interface Override {
  code: string;
  message: string;
  /** Where somebody broke the glass for this very version: why, and what was set aside. */
  broken?: { reason: string; set_aside: string[] };
}

/** The lab that a version landed in and its policy then, whatever becomes of both. */
export interface LandedUnder {
  lab: { id: number; code: string; name: string } | null;
  direct_landing: 'admins' | 'nobody';
  required_approvals: number;
  allow_self_approval: boolean;
  required_checks: Record<string, number>;
  owners: { pattern?: string; category?: string; manufacturer?: string; users: number[] }[];
  banned_imports: string[];
  allowed_imports: string[];
}

export interface VersionRecord {
  /** Of the definition. Versions that landed before both stood here are attested apart (services/landing/attest.ts). */
  id?: number;
  name?: string;
  version: number;
  commit: string;
  author: { name: string; email: string };
  /** Null where the product itself landed the version (its built-in definitions). */
  landed_by: PersonRef | null;
  /** ISO 8601 UTC. */
  landed_at: string;
  change_summary: string;
  approvals: Approval[];
  merge_request: number | null;
  overrides: Override[];
  /** By its SHA-256 (landed-under.ts); as it is in older records, and absent in those from before it was recorded. */
  landed_under?: LandedUnder | { sha256: string };
  /** Names of banned modules and built-ins that this version may use; absent in records from before. */
  permissions?: string[];
}

export interface Verdict {
  reason: string;
  by: PersonRef | null;
  at: string;
}

export interface DefinitionState {
  id: number;
  name: string;
  lab: { id: number; code: string; name: string } | null;
  created_by: PersonRef | null;
  created_at: string;
  /** When this state last changed; a definition's own `updated_at` is the later of this and its last landing. */
  updated_at: string;
  is_public: boolean;
  is_builtin: boolean;
  archived_at: string | null;
  /** By version number. */
  deprecated: Record<string, Verdict>;
  revoked: Record<string, Verdict>;
  /** Those that stand though they had been revoked: lab computers forget a revocation for nothing less. */
  reinstated?: Record<string, Verdict>;
  /** What records name by their SHA-256: the lab and policy of landings, as JSON (landed-under.ts). */
  landed_under?: Readonly<Record<string, string>>;
}

/** A tag or state that this product did not write, or that was damaged. */
export class RecordError extends Error {
  readonly code = 'bad_record';
}

/** A record that says whose version it is: what the registry writes. */
export type NamedRecord = VersionRecord & { id: number; name: string };

/** The tag's message: a first line for people (`git tag -n`), a blank one, the record. */
export function writeRecord(record: NamedRecord): string {
  const [subject = ''] = record.change_summary.split(/[\r\n]/, 1);
  const title = [`${record.name} v${record.version}`, subject.trim()].filter(Boolean).join(': ');
  return `${title}\n\n${JSON.stringify(record, null, 2)}\n`;
}

/** What a record must speak of: the version whose tag it is, and the definition whose repository holds the tag. */
export interface Whose {
  id: number;
  name: string;
  version: number;
  commit: string;
}

/** What the record says of another version or definition, in words; null where it is this one's. */
export function strangeness(record: VersionRecord, whose: Whose): string | null {
  const { id, name, version, commit } = record;
  if (version !== whose.version || commit !== whose.commit) {
    return `the record of v${whose.version} speaks of v${version} at ${commit}`;
  }
  const isOwn = name === undefined ? id === undefined : name === whose.name && id === whose.id;
  return isOwn
    ? null
    : `the record of v${version} is of ${name} (${id}), not ${whose.name} (${whose.id})`;
}

/** The versions of a definition whose records do not name it, as the message of one signed tag lists them. */
export interface Attestation {
  id: number;
  name: string;
  versions: { version: number; commit: string; tag: string }[];
}

/** The name of that tag. */
export const ATTESTED = 'attested';

export function writeAttestation(attestation: Attestation): string {
  const title = `${attestation.name}: versions that do not name it in their tags`;
  return `${title}\n\n${JSON.stringify(attestation, null, 2)}\n`;
}

/** Throws `RecordError`. */
export function parseAttestation(message: string): Attestation {
  const value = parseObject(message.slice(message.indexOf('\n\n') + 2), 'attestation');
  if (
    !Number.isInteger(value.id) ||
    typeof value.name !== 'string' ||
    !Array.isArray(value.versions)
  ) {
    throw new RecordError('attestation without an id, a name or versions');
  }
  return value as unknown as Attestation;
}

/** Throws `RecordError`. */
export function parseRecord(message: string): VersionRecord {
  const start = message.indexOf('\n\n');
  const record = parseObject(start < 0 ? '' : message.slice(start + 2), 'version record');
  if (!Number.isInteger(record.version) || typeof record.commit !== 'string') {
    throw new RecordError('version record without a version or a commit');
  }
  return record as unknown as VersionRecord;
}

export function writeState(state: DefinitionState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}

/** Throws `RecordError`. */
export function parseState(text: string): DefinitionState {
  const state = parseObject(text, 'definition state');
  if (!Number.isInteger(state.id) || typeof state.name !== 'string') {
    throw new RecordError('definition state without an id or a name');
  }
  return state as unknown as DefinitionState;
}

function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecordError(`${what} is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RecordError(`${what} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

/** Trailers that only the registry writes; in a user's text they are left out (contract section 3). */
const RESERVED_TRAILER = /^(merge-request|approved-by|landed-by|override)\s*:/i;

/**
 * The commit message of a landing: subject and body from the user, the registry's trailers below.
 * Shape of trailers: git-interpret-trailers(1).
 */
export function landingMessage(summary: string, trailers: [string, string][]): string {
  const kept = summary
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .filter((line) => !RESERVED_TRAILER.test(line))
    .join('\n')
    .trim();
  const lines = trailers.map(([key, value]) => `${key}: ${value.replace(/\s+/g, ' ').trim()}`);
  return `${kept}\n\n${lines.join('\n')}\n`;
}
