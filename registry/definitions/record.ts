/**
 * The texts that the registry keeps in a repository besides the files. A version's record is the message of its `vN`
 * tag. The registry's state of a definition is `state.json` on `refs/registry/state`. Record and state are JSON, so
 * that no text of a user can be mistaken for a field.
 */

/** `PersonRef` and `Approval` are type aliases because TypeScript does not accept an interface as a JSON object. */
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

/** A rule that somebody overrode for this version, with the reason. */
export interface Override {
  code: string;
  message: string;
  /** The reason and the rules that were set aside, if a lab admin overrode the policy. */
  broken?: { reason: string; set_aside: string[] };
}

/**
 * The override of a landing that the policy forbids. `set_aside` lists the broken rules as sentences. The audit trail
 * copies the override.
 */
export function overrideFor(given: string, set_aside: string[]): Override {
  const reason = given.trim();
  const message = `${reason} (set aside: ${set_aside.join(' ')})`;
  return { code: 'policy', message, broken: { reason, set_aside } };
}

/**
 * The lab that a version landed in, and its policy at that time. Later changes of the lab do not change what is stated
 * here.
 */
export interface LandedUnder {
  lab: { id: number; code: string; name: string } | null;
  direct_landing: 'admins' | 'nobody';
  required_approvals: number;
  allow_self_approval: boolean;
  /** The account that must post each check: its id, or `@bench` for any bench computer of the lab. */
  required_checks: Record<string, number | '@bench'>;
  owners: { pattern?: string; category?: string; manufacturer?: string; users: number[] }[];
  banned_imports: string[];
  allowed_imports: string[];
}

export interface VersionRecord {
  /**
   * The definition's id and name. Old records lack both fields; an attestation names the definition of such versions
   * (services/repair/attest.ts).
   */
  id?: number;
  name?: string;
  version: number;
  commit: string;
  author: { name: string; email: string };
  /** The value is null if the registry landed the version itself (built-in definitions). */
  landed_by: PersonRef | null;
  /** A time in UTC (ISO 8601). */
  landed_at: string;
  change_summary: string;
  approvals: Approval[];
  merge_request: number | null;
  overrides: Override[];
  /**
   * The SHA-256 of the lab and policy (landed-under.ts). Older records contain the text itself; the oldest records
   * contain neither digest nor text.
   */
  landed_under?: LandedUnder | { sha256: string };
  /** The banned modules and built-ins that this version may use. Old records lack this field. */
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
   * When the registry's state of the definition last changed. The `updated_at` of a definition is this time or the time
   * of its last landing, whichever is later.
   */
  updated_at: string;
  is_public: boolean;
  is_builtin: boolean;
  archived_at: string | null;
  /** The verdicts by version number. */
  deprecated: Record<string, Verdict>;
  revoked: Record<string, Verdict>;
  /**
   * Revoked versions that were made valid again. A lab computer forgets the revocation of a version only if the version
   * is listed here.
   */
  reinstated?: Record<string, Verdict>;
  /** The lab and policy of each landing as JSON, by the SHA-256 in the record (landed-under.ts). */
  landed_under?: Readonly<Record<string, string>>;
}

/** A tag or state is damaged, or the registry did not write it. */
export class RecordError extends Error {
  readonly code = 'bad_record';
}

/** A record that names its definition. The registry now writes only records that name their definition. */
export type NamedRecord = VersionRecord & { id: number; name: string };

/** The message of a tag: one line for people (`git tag -n`), a blank line, then the record. */
export function writeRecord(record: NamedRecord): string {
  const [subject = ''] = record.change_summary.split(/[\r\n]/, 1);
  const title = [`${record.name} v${record.version}`, subject.trim()].filter(Boolean).join(': ');
  return `${title}\n\n${JSON.stringify(record, null, 2)}\n`;
}

/** What a record must state: the definition of its repository, and the version and commit of its tag. */
export interface Whose {
  id: number;
  name: string;
  version: number;
  commit: string;
}

/** How the record contradicts its tag or its repository, in words; null if there is no contradiction. */
export function strangeness(record: VersionRecord, whose: Whose): string | null {
  const { id, name, version, commit } = record;
  if (version !== whose.version || commit !== whose.commit) {
    return `the record of v${whose.version} names v${version} at ${commit}`;
  }
  const isOwn = name === undefined ? id === undefined : name === whose.name && id === whose.id;
  return isOwn
    ? null
    : `the record of v${version} belongs to ${name} (${id}), not to ${whose.name} (${whose.id})`;
}

/**
 * The versions of a definition whose records do not name the definition. The attestation is the message of one signed
 * tag.
 */
export interface Attestation {
  id: number;
  name: string;
  versions: { version: number; commit: string; tag: string }[];
}

export function writeAttestation(attestation: Attestation): string {
  const title = `${attestation.name}: versions that do not name it in their tags`;
  return `${title}\n\n${JSON.stringify(attestation, null, 2)}\n`;
}

/** Reads the message of an attestation. Throws `RecordError`. */
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

/** Reads the message of a version's tag. Throws `RecordError`. */
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

/** Reads the text of `state.json`. Throws `RecordError`. */
export function parseState(text: string): DefinitionState {
  const state = parseObject<DefinitionState>(text, 'definition state');
  if (!Number.isInteger(state.id) || typeof state.name !== 'string') {
    throw new RecordError('definition state without an id or a name');
  }
  return state as DefinitionState;
}

/** Checks only that the text is a JSON object, because the registry itself wrote the fields. */
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

/**
 * Only the registry writes these trailers, so the registry removes them from texts of users (docs/contract.md, section
 * 3).
 */
const RESERVED_TRAILER = /^(merge-request|approved-by|landed-by|override)\s*:/i;

/**
 * The commit message of a landing: subject and body from the user, then the registry's trailers as in
 * git-interpret-trailers(1).
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
