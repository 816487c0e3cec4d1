/** Shows the public keys that verify versions (everybody may read them), and rotates the signing key. */

import type { Version } from '../../../repos/types.ts';
import { Problem } from '../../errors.ts';
import type { PageOf } from '../../schemas/common.ts';
import { allowedSigner, judgeSignature, type SigningKey } from '../../signing/allowed-signers.ts';
import type { SigningKeys } from '../../signing/keys.ts';
import type { Store } from '../../store/open.ts';
import { findIdentity, noteSigningKey } from '../../store/registry-identity.ts';
import { auditChange } from '../audit/entries.ts';
import { type Caller, REGISTRY } from '../caller.ts';

/** One page of the signing keys, newest first. */
export async function listSigningKeys(
  { signingKeys }: { signingKeys: SigningKeys },
  { page, per_page }: PageOf,
) {
  const keys = (await signingKeys.list()).toReversed();
  const items = keys.slice((page - 1) * per_page, page * per_page).map(showKey);
  return { items, total: keys.length, page, per_page };
}

/** All public keys in the format of the file `gpg.ssh.allowedSignersFile` of git. */
export async function allowedSigners(signingKeys: SigningKeys): Promise<string> {
  const keys = (await signingKeys.list()).toReversed();
  return keys.map((key) => `${showKey(key).allowed_signers}\n`).join('');
}

/** The signature of a version as the API shows it. Null if no known key made it. */
export function showSignature(version: Version, keys: readonly SigningKey[]) {
  const { key, fault } = judgeSignature(version, keys);
  return key === null ? null : { key, valid: fault === null };
}

/** Rotates the signing key. The key files change first, because the registry signs with them. */
export async function rotateSigningKey(
  { signingKeys, store }: { signingKeys: SigningKeys; store: Store },
  caller: Caller,
): Promise<{ retired: SigningKey; current: SigningKey }> {
  const { retired, current } = await signingKeys.rotate();
  await store.transaction(async (em) => {
    const subject = { id: current.id, name: current.fingerprint };
    await noteSigningKey(em, current.fingerprint);
    const [before, after] = [retired, current].map(({ change: _, ...key }) => showKey(key));
    await auditChange(
      em,
      caller,
      'signing_key.rotated',
      'signing_key',
      subject,
      null,
      before ?? null,
      after ?? null,
    );
  });
  return { retired, current };
}

/** Makes a new key after the last one was lost. Throws `Problem` `conflict` if it is not lost. */
export async function renewSigningKey(
  { signingKeys, store }: { signingKeys: SigningKeys; store: Store },
  caller: Caller,
): Promise<SigningKey> {
  const identity = await findIdentity(store.em());
  const made = await signingKeys.renew(identity?.signing_key ?? null);
  if (!made)
    throw new Problem(
      'conflict',
      'The signing key is not lost. To replace the key, run: registry keys rotate',
    );
  await store.transaction(async (em) => {
    const { change: _, ...key } = made;
    const subject = { id: made.id, name: made.fingerprint };
    await noteSigningKey(em, made.fingerprint);
    const action = 'signing_key.rotated';
    await auditChange(em, caller, action, 'signing_key', subject, null, null, showKey(key));
  });
  return made;
}

export function showKey({ change, ...key }: SigningKey) {
  return {
    ...key,
    ...(change && { change }),
    public_key: `${key.public_key} registry`,
    allowed_signers: allowedSigner(REGISTRY.email, key),
  };
}
