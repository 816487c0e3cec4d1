/**
 * The keys that sign versions, in the folder of keys: `signing-keys.json` lists every public key there ever was,
 * `signing-<fingerprint>.pem` (PKCS 8) is the private part of the one in use. The list is what counts: it is
 * replaced in one step, and looked at before every signature, so that all processes sign with the key that any of
 * them made last.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sync, writeSynced } from '../../repos/durable.ts';
import { withLock } from '../../repos/lock.ts';
import type { Sign } from '../../repos/types.ts';
import { readIfThere } from '../keys.ts';
import { NAMESPACE, type SigningKey } from './allowed-signers.ts';
import { documentOf, KEYS } from './key-change.ts';
import { fingerprintOf, publicKeyBlob, publicKeyLine, signSsh } from './sshsig.ts';

/**
 * A tag's date is taken before it is signed, and several machines may share the keys: a key counts a minute before
 * it was made and a minute after another took over. In milliseconds.
 */
const LEEWAY = 60_000;

export interface SigningKeys {
  /** Signs with the newest key, made at the first call. */
  sign: Sign;
  /** The same for another purpose (PROTOCOL.sshsig, "namespace"). */
  signFor(payload: Uint8Array, namespace: string): Promise<string>;
  /** Every key there ever was, oldest first. */
  list(): Promise<readonly SigningKey[]>;
  /** Makes a new key, has the one in use sign that, ends it and deletes its private part. Throws `RepositoryError` `locked`. */
  rotate(): Promise<{ retired: SigningKey; current: SigningKey }>;
}

interface Loaded {
  /** Tells one state of the list's file from any other. */
  stamp: string;
  keys: readonly SigningKey[];
  privateKey: KeyObject;
}

/** Touches nothing yet. Every process that uses the folder may have one; `now` is the clock. */
export function openSigningKeys(folder: string, now: () => number = Date.now): SigningKeys {
  const listPath = join(folder, 'signing-keys.json');
  let loaded: Loaded | undefined;

  const locked = async <T>(work: () => Promise<T>): Promise<T> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await withLock(join(folder, 'signing-keys.lock'), work);
  };

  async function current(): Promise<Loaded> {
    const stamp = await stampOf(listPath);
    if (stamp === undefined || stamp !== loaded?.stamp) loaded = await locked(load);
    return loaded;
  }

  async function load(): Promise<Loaded> {
    const stamp = await stampOf(listPath);
    const keys = await readList();
    if (stamp === undefined || keys === undefined) return await add([]);
    const privateKey = await privateOf(newest(keys));
    if (newest(keys).change) return { stamp, keys, privateKey };
    // Made when changes were not signed yet: from here on they are.
    return await write(keys, [privateKey], privateKey);
  }

  const privateOf = async (key: SigningKey): Promise<KeyObject> =>
    createPrivateKey(await readFile(privatePath(folder, key)));

  async function readList(): Promise<SigningKey[] | undefined> {
    const text = await readIfThere(listPath);
    return text === undefined ? undefined : (JSON.parse(text) as SigningKey[]);
  }

  /** The private part is there before the list names it, so that no crash leaves a list without. */
  async function add(before: readonly SigningKey[], last?: KeyObject): Promise<Loaded> {
    const { privateKey } = generateKeyPairSync('ed25519');
    const blob = publicKeyBlob(createPublicKey(privateKey));
    const made: SigningKey = {
      id: before.length + 1,
      public_key: publicKeyLine(blob),
      fingerprint: fingerprintOf(blob),
      valid_after: inSeconds(now() - LEEWAY),
      valid_before: null,
    };
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeSynced(privatePath(folder, made), pem, 0o600);
    return await write([...before, made], last ? [privateKey, last] : [privateKey], privateKey);
  }

  /** Replaces the list, the newest key's change signed by these. */
  async function write(
    all: readonly SigningKey[],
    signers: readonly KeyObject[],
    privateKey: KeyObject,
  ): Promise<Loaded> {
    const document = documentOf(all);
    const signatures = signers.map((signer) => signSsh(Buffer.from(document), signer, KEYS));
    const keys = [...all.slice(0, -1), { ...newest(all), change: { document, signatures } }];
    await writeSynced(`${listPath}.new`, `${JSON.stringify(keys, null, 2)}\n`, 0o600);
    await sync(folder);
    await rename(`${listPath}.new`, listPath);
    await sync(folder);
    return { stamp: (await stampOf(listPath)) as string, keys, privateKey };
  }

  /** Private parts of keys that are not in use; one that a crash left behind too. */
  async function deleteOthers(key: SigningKey): Promise<void> {
    for (const file of await readdir(folder)) {
      const path = join(folder, file);
      if (/^signing-.*\.pem$/.test(file) && path !== privatePath(folder, key)) await rm(path);
    }
    await sync(folder);
  }

  return {
    async sign(payload) {
      return signSsh(payload, (await current()).privateKey, NAMESPACE);
    },

    async signFor(payload, namespace) {
      return signSsh(payload, (await current()).privateKey, namespace);
    },

    async list() {
      return (await current()).keys;
    },

    async rotate() {
      return await locked(async () => {
        const keys = (await readList()) ?? (await add([])).keys;
        const last = await privateOf(newest(keys));
        const retired = { ...newest(keys), valid_before: inSeconds(now() + LEEWAY) };
        loaded = await add([...keys.slice(0, -1), retired], last);
        await deleteOthers(newest(loaded.keys));
        return { retired, current: newest(loaded.keys) };
      });
    },
  };
}

const newest = (keys: readonly SigningKey[]): SigningKey => keys.at(-1) as SigningKey;

const privatePath = (folder: string, { fingerprint }: SigningKey): string =>
  join(
    folder,
    `signing-${Buffer.from(fingerprint.slice('SHA256:'.length), 'base64').toString('hex')}.pem`,
  );

/** A file put under the name by another process has another inode; undefined where there is none. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const inSeconds = (time: number): string =>
  new Date(Math.floor(time / 1000) * 1000).toISOString().replace('.000Z', 'Z');
