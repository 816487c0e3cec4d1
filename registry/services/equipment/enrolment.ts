/** Enrols a computer in a lab. A lab admin creates a code, and the computer exchanges it once for a token. */
import type { Rules } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import { type Enrolled, Enrolment } from '../../schemas/equipment.ts';
import { fieldsBut, pick } from '../../schemas/pick.ts';
import { shortFingerprint } from '../../signing/key-change.ts';
import type { SigningKeys } from '../../signing/keys.ts';
import { signStatement } from '../../signing/statement.ts';
import * as computers from '../../store/computers.ts';
import type { Computer } from '../../store/entities/index.ts';
import type { Store } from '../../store/open.ts';
import { syncStamps } from '../../store/sync.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditChange } from '../audit/entries.ts';
import { auditFieldsOf, authorize, type Caller } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { labOr404 } from '../people/labs.ts';
import {
  COMPUTER_TOKEN_PREFIX,
  hashCode,
  hashToken,
  inFours,
  newCode,
  newToken,
} from '../people/secrets.ts';
import type { Throttle } from '../people/throttle.ts';
import { listSigningKeys } from '../signing/signing-keys.ts';
import { auditComputer, insertComputer, nameTaken } from './computers.ts';
import { recordOfComputer, showComputer } from './show.ts';

/** How long an enrolment code is valid, in milliseconds. */
const CODE_LASTS = 24 * 3600 * 1000;

export interface EnrolmentDeps {
  store: Store;
  rules: Rules;
  signingKeys: SigningKeys;
  throttle: Throttle;
}

/**
 * Creates a code for one computer of the lab. The code ends with the fingerprint of the registry's signing key, so the
 * computer knows which key to trust. Nobody can impersonate the registry, not even over plain HTTP.
 */
export async function createCode(
  { store, rules, signingKeys }: PeopleDeps & { signingKeys: SigningKeys },
  caller: Caller,
  labId: number,
) {
  authorize(caller, { on: 'computer', do: 'manage', labId, id: null }, rules, 'lab');
  const { secret, hash } = newCode();
  const expires_at = new Date(Date.now() + CODE_LASTS);
  await store.transaction(async (em) => {
    const lab = await labOr404(em, labId);
    const created_by = auditFieldsOf(caller).actor;
    const id = await computers.addCode(em, { lab_id: labId, hash, created_by, expires_at });
    const about = { id, name: lab.code };
    const after = { expires_at: expires_at.toISOString() };
    await auditChange(
      em,
      caller,
      'enrolment_code.created',
      'enrolment_code',
      about,
      labId,
      null,
      after,
    );
  });
  const { fingerprint } = await signingKeys.signer();
  const code = `${secret}-${inFours(shortFingerprint(fingerprint))}`;
  return { code, expires_at: expires_at.toISOString() };
}

/**
 * Exchanges a code for a token. If the lab already has a computer of this name, the enrolment takes it over, and its old
 * token ends. So does its right to test, because whoever has a code may choose the name. Throws `bad_code` for unknown,
 * used and expired codes alike, `name_taken` if another lab has a computer of this name (the code stays valid), and
 * `too_many_attempts`.
 */
export async function enrol(
  deps: EnrolmentDeps,
  address: string,
  { code, computer_name, ...request }: Enrolment,
): Promise<Enrolled> {
  const tries = deps.throttle.code(address);
  tries.demand();
  const { secret, hash } = newToken(COMPUTER_TOKEN_PREFIX);
  const enrolled = await deps.store.transaction(async (em) => {
    const taken = await computers.takeCode(em, hashCode(code));
    if (!taken) return undefined;
    const about = {
      ...pick(request, fieldsBut(Enrolment, 'code', 'computer_name')),
      computer_name,
    };
    const now = new Date();
    const token = { token_hash: hash, enrolled_at: now, last_seen: now, is_bench: false };
    const { row, isNew } = await placeComputer(em, taken.lab_id, computer_name);
    const before = isNew ? null : recordOfComputer(row);
    if (row.is_bench) await computers.detachResults(em, row.id);
    const computer = await computers.updateComputer(em, row, { ...about, ...token });
    await auditComputer(em, callerOf(computer, address), 'enrolled', before, computer, {
      code_by: taken.created_by,
    });
    return computer;
  });
  if (!enrolled) {
    tries.failed();
    throw new Problem(
      'bad_code',
      'This code is unknown, already used or expired. Ask a lab admin for a new code.',
    );
  }
  const { items } = await listSigningKeys(deps, { page: 1, per_page: 1000 });
  const statement = await stateEnrolment(deps, enrolled, code);
  return { token: secret, computer: showComputer(enrolled), signing_keys: items, statement };
}

/**
 * A signed statement with the number of the computer's first list. The statement contains a hash of the code, so nobody
 * can replay the answer to an earlier enrolment.
 */
async function stateEnrolment(
  { store, signingKeys }: EnrolmentDeps,
  { id, lab_id }: Computer,
  code: string,
): Promise<string> {
  const asking = { id, lab_id };
  const stamps = (await syncStamps(store.em(), [asking])).get(asking);
  if (!stamps) throw new Error('stamps are given for each that is asked for');
  const { number, timeline } = stamps;
  const about = { audience: `computer:${id}`, number, timeline };
  const signed = { signed_at: new Date().toISOString(), code: hashToken(code) };
  return signStatement({ ...about, ...signed }, await signingKeys.signer());
}

/** Finds the lab's computer of this name, or creates it. */
async function placeComputer(
  em: EntityManager,
  lab_id: number,
  computer_name: string,
): Promise<{ row: Computer; isNew: boolean }> {
  const known = await computers.findComputerNamed(em, computer_name, 'to change');
  if (known && known.lab_id !== lab_id) throw nameTaken(computer_name);
  return known
    ? { row: known, isNew: false }
    : { row: await insertComputer(em, { lab_id, computer_name }), isNew: true };
}

const callerOf = (
  { id, computer_name: name, lab_id: labId, is_bench: isBench }: Computer,
  address: string,
): Caller => ({
  actor: { kind: 'computer', id, name, labId, isBench },
  address,
  tokenName: null,
});
