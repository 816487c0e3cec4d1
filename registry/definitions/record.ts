/**
 * The texts that the registry keeps in a repository beside the files: the record of a version (the message of
 * its `vN` tag) and the registry's state of a definition (`state.json` on `refs/registry/state`). Both are
 * JSON, so text from users can never be mistaken for a field.
 */

/** This and `Approval` are type aliases because TypeScript accepts no interface as an object of JSON. */
export type PersonRef = {
  id: number;
  username: string;
  name: string;
  email: string;
};

export type Approval = {
  by: PersonRef;
  at: string;
  /** The reviewed commit. */
  head: string;
};

/** A rule that was overridden for this version, by whom and why. */
export interface Override {
  code: string;
  message: string;
  /** Set if the policy was overridden for this version: the reason, and what was overridden. */
  broken?: { reason: string; set_aside: string[] };
}

/** A landing despite the policy; `set_aside` lists the rules that it breaks, as sentences. The audit trail copies it. */
export function overrideFor(given: string, set_aside: string[]): Override {
  const reason = given.trim();
  const message = `${reason} (set aside: ${set_aside.join(' ')})`;
  return { code: 'policy', message, broken: { reason, set_aside } };
}

/** The lab that a version landed in and its policy at that time. Later changes do not affect it. */
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
  /**
   * Id and name of the definition. Older versions, whose records lack them, are attested separately
   * (services/repair/attest.ts).
   */
  id?: number;
  name?: string;
  version: number;
  commit: string;
  author: { name: string; email: string };
  /** Null if the registry itself landed the version (built-in definitions). */
  landed_by: PersonRef | null;
  /** ISO 8601 UTC. */
  landed_at: string;
  change_summary: string;
  approvals: Approval[];
  merge_request: number | null;
  overrides: Override[];
  /**
   * The SHA-256 of the text (landed-under.ts). Older records contain the text, and the oldest have neither.
   */
  landed_under?: LandedUnder | { sha256: string };
  /** Banned modules and built-ins that this version may use; absent in older records. */
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
  /**
   * When this state last changed. The `updated_at` of a definition is the later of this and its last landing.
   */
  updated_at: string;
  is_public: boolean;
  is_builtin: boolean;
  archived_at: string | null;
  /** By version number. */
  deprecated: Record<string, Verdict>;
  revoked: Record<string, Verdict>;
  /**
   * Versions that are valid again after a revocation. Lab computers forget a revocation only if the version
   * is listed here.
   */
  reinstated?: Record<string, Verdict>;
  /** The lab and policy of landings as JSON, by the SHA-256 that records contain (landed-under.ts). */
  landed_under?: Readonly<Record<string, string>>;
}

/** A tag or state that is damaged or was not written by the registry. */
export class RecordError extends Error {
  readonly code = 'bad_record';
}

/** A record that names its definition, as the registry writes it now. */
export type NamedRecord = VersionRecord & { id: number; name: string };

/** The message of a tag: a first line for people (`git tag -n`), a blank line, the record. */
export function writeRecord(record: NamedRecord): string {
  const [subject = ''] = record.change_summary.split(/[\r\n]/, 1);
  const title = [`${record.name} v${record.version}`, subject.trim()].filter(Boolean).join(': ');
  return `${title}\n\n${JSON.stringify(record, null, 2)}\n`;
}

/** What a record must match: the version of its tag, and the definition of its repository. */
export interface Whose {
  id: number;
  name: string;
  version: number;
  commit: string;
}

/** How the record names another version or definition, in words; null if it matches. */
export function strangeness(record: VersionRecord, whose: Whose): string | null {
  const { id, name, version, commit } = record;
  if (version !== whose.version || commit !== whose.commit) {
    return `the record of v${whose.version} speaks of v${version} at ${commit}`;
  }
  const isOwn = name === undefined ? id === undefined : name === whose.name && id === whose.id;
  return isOwn
    ? null
    : `the record of v${version} belongs to ${name} (${id}), not to ${whose.name} (${whose.id})`;
}

/** Lists the versions of a definition whose records do not name it; the message of one signed tag. */
export interface Attestation {
  id: number;
  name: string;
  versions: { version: number; commit: string; tag: string }[];
}

export function writeAttestation(attestation: Attestation): string {
  const title = `${attestation.name}: versions that do not name it in their tags`;
  return `${title}\n\n${JSON.stringify(attestation, null, 2)}\n`;
}

/** Throws `RecordError`. */
export function parseAttestation(message: string): Attestation {
  const value = parseObject<Attestation>(message.slice(message.indexOf('\n\n') + 2), 'attestation');
  if (
    !Number.isInteger(value.id) ||
    typeof value.name !== 'string' ||
    !Array.isArray(value.versions)
  ) {
    throw new RecordError('attestation without an id, a name or versions');
  }
  return value as Attestation;
}

/** Throws `RecordError`. */
export function parseRecord(message: string): VersionRecord {
  const start = message.indexOf('\n\n');
  const record = parseObject<VersionRecord>(
    start < 0 ? '' : message.slice(start + 2),
    'version record',
  );
  if (!Number.isInteger(record.version) || typeof record.commit !== 'string') {
    throw new RecordError('version record without a version or a commit');
  }
  return record as VersionRecord;
}

export function writeState(state: DefinitionState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}

/** Throws `RecordError`. */
export function parseState(text: string): DefinitionState {
  const state = parseObject<DefinitionState>(text, 'definition state');
  if (!Number.isInteger(state.id) || typeof state.name !== 'string') {
    throw new RecordError('definition state without an id or a name');
  }
  return state as DefinitionState;
}

/** Only that the text is an object is checked: the registry wrote its fields. */
function parseObject<T extends object>(text: string, what: string): Partial<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecordError(`${what} is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RecordError(`${what} is not a JSON object`);
  }
  return value as Partial<T>;
}

/** Trailers that only the registry writes; they are removed from a user's text (docs/contract.md, section 3). */
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
