/**
 * The keys that sign versions, in the folder of keys. `signing-keys.json` lists every public key ever used.
 * `signing-<fingerprint>.pem` (PKCS 8) is the private part of the current key. The list decides which key is current.
 * The list is replaced atomically and read before every signature, so all processes sign with the newest key.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sync, writeSynced } from '../../repos/durable.ts';
import type { Leases } from '../../repos/leases.ts';
import { type Claim, withLock } from '../../repos/lock.ts';
import type { Sign } from '../../repos/types.ts';
import { Problem } from '../errors.ts';
import { readIfThere } from '../keys.ts';
import { NAMESPACE, type SigningKey } from './allowed-signers.ts';
import { documentOf, KEYS } from './key-change.ts';
import { fingerprintOf, publicKeyBlob, publicKeyLine, signSsh } from './sshsig.ts';

/**
 * Milliseconds. A tag gets its date before its signature, and several machines with different clocks may share the
 * keys. So a key is valid from a minute before its creation until a minute after its replacement.
 */
const LEEWAY = 60_000;

/** Signs with one key. */
export interface Signer {
  fingerprint: string;
  /** Signs a payload in another namespace than git's (PROTOCOL.sshsig, "namespace"). */
  sign(payload: Uint8Array, namespace: string): string;
}

export interface SigningKeys {
  /** Signs a tag with the newest key. The first call creates a key. */
  sign: Sign;
  /** The newest key. Do not keep the key, because another key may replace it. */
  signer(): Promise<Signer>;
  /**
   * The time for a tag that is signed now. If the clock was set back to before the newest key was made, this is the first
   * moment at which the key is valid: otherwise nobody would accept the tag.
   */
  date(): Promise<Date>;
  /** Every key ever used, oldest first. */
  list(): Promise<readonly SigningKey[]>;
  /** Throws `Problem` `incomplete` if the list or the private part of the newest key is missing or damaged. */
  check(): Promise<void>;
  /** Like `list`, but makes no first key. */
  known(): Promise<readonly SigningKey[]>;
  /**
   * Makes a new key after the last one was lost, which therefore does not sign the change. Keeps what the list still
   * names. Undefined if nothing is missing:
   * the list must also name the key `lastKnown`.
   */
  renew(lastKnown: string | null): Promise<SigningKey | undefined>;
  /**
   * Creates a new key, signs the change with the current key, retires the current key and deletes its private part.
   * Throws `RepositoryError` `locked` if another process is changing the keys.
   */
  rotate(): Promise<{ retired: SigningKey; current: SigningKey }>;
}

interface Loaded {
  /**
   * The inode, time and size of the list's file when it was read. These values differ if the file was replaced since.
   */
  stamp: string;
  keys: readonly SigningKey[];
  privateKey: KeyObject;
}

/**
 * Opens the keys of a folder. Nothing is read or written before the first call, so every process may open the folder.
 * `now` is the clock. `mayBegin`: nothing was signed yet, so a first key may be made.
 */
export function openSigningKeys(
  folder: string,
  leases: Leases,
  { now = Date.now, mayBegin = true }: { now?: () => number; mayBegin?: boolean } = {},
): SigningKeys {
  const listPath = join(folder, 'signing-keys.json');
  let loaded: Loaded | undefined;

  const locked = async <T>(work: (claim: Claim) => Promise<T>): Promise<T> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = join(folder, 'signing-keys.lock');
    return await withLock(leases, lock, work, { mode: 0o600 });
  };

  /** The time now, but not before the newest key is valid: somebody may have set the clock back. */
  const notBefore = (keys: readonly SigningKey[]): number =>
    Math.max(now(), ...keys.slice(-1).map((key) => Date.parse(key.valid_after)));

  async function current(): Promise<Loaded> {
    const stamp = await stampOf(listPath);
    if (stamp === undefined || stamp !== loaded?.stamp) loaded = await locked(load);
    return loaded;
  }

  async function load(claim: Claim): Promise<Loaded> {
    const stamp = await stampOf(listPath);
    const keys = await readList();
    if (stamp === undefined || keys === undefined) return await begin(claim);
    const privateKey = await privateOf(newest(keys));
    if (newest(keys).change) return { stamp, keys, privateKey };
    // The current key was created before the registry signed key changes, so this change cannot be signed by a previous
    // key.
    return await write(claim, keys, [privateKey], privateKey);
  }

  async function privateOf(key: SigningKey): Promise<KeyObject> {
    const path = privatePath(folder, key);
    const pem = await readIfThere(path);
    if (pem === undefined) throw lost(path, 'missing');
    try {
      const privateKey = createPrivateKey(pem);
      if (fingerprintOf(publicKeyBlob(createPublicKey(privateKey))) === key.fingerprint)
        return privateKey;
    } catch (cause) {
      throw lost(path, 'damaged', cause);
    }
    throw lost(path, 'another key than the list says');
  }

  async function readList(): Promise<SigningKey[] | undefined> {
    const text = await readIfThere(listPath);
    if (text === undefined) return undefined;
    try {
      const keys = JSON.parse(text) as SigningKey[];
      if (typeof keys.at(-1)?.fingerprint === 'string') return keys;
    } catch (cause) {
      throw lost(listPath, 'damaged', cause);
    }
    throw lost(listPath, 'damaged');
  }

  /** The first key. Without its list, a registry that has signed before would sign with a key that nobody trusts. */
  async function begin(claim: Claim): Promise<Loaded> {
    if (!mayBegin || loaded !== undefined) throw lost(listPath, 'missing');
    return await add(claim, []);
  }

  /**
   * Adds a new key. The private part is written before the list names the key, so that every listed key has a private
   * part even after a crash.
   */
  async function add(
    claim: Claim,
    before: readonly SigningKey[],
    last?: KeyObject,
  ): Promise<Loaded> {
    const { privateKey } = generateKeyPairSync('ed25519');
    const blob = publicKeyBlob(createPublicKey(privateKey));
    const made: SigningKey = {
      id: before.length + 1,
      public_key: publicKeyLine(blob),
      fingerprint: fingerprintOf(blob),
      valid_after: inSeconds(notBefore(before) - LEEWAY),
      valid_before: null,
    };
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeSynced(privatePath(folder, made), pem, { mode: 0o600 });
    const signers = last ? [privateKey, last] : [privateKey];
    return await write(claim, [...before, made], signers, privateKey);
  }

  /** Replaces the list, which releases the lock. `signers` sign the change to the newest key. */
  async function write(
    claim: Claim,
    all: readonly SigningKey[],
    signers: readonly KeyObject[],
    privateKey: KeyObject,
  ): Promise<Loaded> {
    const document = documentOf(all);
    const signatures = signers.map((signer) => signSsh(Buffer.from(document), signer, KEYS));
    const keys = [...all.slice(0, -1), { ...newest(all), change: { document, signatures } }];
    await claim.write(`${JSON.stringify(keys, null, 2)}\n`);
    const stamp = (await stampOf(claim.path)) as string;
    await sync(folder);
    await claim.commit(listPath);
    await sync(folder);
    return { stamp, keys, privateKey };
  }

  /** The private parts of all keys, including those that a crash left behind. */
  const privateParts = async (): Promise<string[]> =>
    (await readdir(folder))
      .filter((file) => /^signing-.*\.pem$/.test(file))
      .map((file) => join(folder, file));

  async function known(): Promise<readonly SigningKey[]> {
    const isNew = mayBegin && (await stampOf(listPath)) === undefined;
    return isNew ? [] : (await current()).keys;
  }

  async function isWhole(fingerprint: string | null): Promise<boolean> {
    try {
      const keys = await readList();
      if (keys === undefined) return false;
      await privateOf(newest(keys));
      return fingerprint === null || keys.some((key) => key.fingerprint === fingerprint);
    } catch (error) {
      if (error instanceof Problem) return false;
      throw error;
    }
  }

  return {
    async sign(payload) {
      return signSsh(payload, (await current()).privateKey, NAMESPACE);
    },

    async signer() {
      const { keys, privateKey } = await current();
      return {
        fingerprint: newest(keys).fingerprint,
        sign: (payload, namespace) => signSsh(payload, privateKey, namespace),
      };
    },

    async date() {
      return new Date(notBefore((await current()).keys));
    },

    async list() {
      return (await current()).keys;
    },

    async check() {
      await known();
    },

    known,

    async renew(lastKnown) {
      return await locked(async (claim) => {
        if (await isWhole(lastKnown)) return undefined;
        const keys = (await readList().catch(() => undefined)) ?? [];
        // What is damaged stays, for whoever can still read it.
        if (keys.length === 0) await moveAside(listPath);
        const last = keys.at(-1);
        if (last) await moveAside(privatePath(folder, last));
        const retired = keys.map((key) => ({
          ...key,
          valid_before: key.valid_before ?? inSeconds(notBefore([key]) + LEEWAY),
        }));
        loaded = await add(claim, retired);
        return newest(loaded.keys);
      });
    },

    async rotate() {
      await current();
      return await locked(async (claim) => {
        const keys = (await readList()) ?? [];
        const last = await privateOf(newest(keys));
        const retired = { ...newest(keys), valid_before: inSeconds(notBefore(keys) + LEEWAY) };
        // Listed under the lock: another process may add a key as soon as the lock is released.
        const old = await privateParts();
        loaded = await add(claim, [...keys.slice(0, -1), retired], last);
        for (const path of old) await rm(path, { force: true });
        await sync(folder);
        return { retired, current: newest(loaded.keys) };
      });
    },
  };
}

/** The ways on, in the order in which an administrator should try them. */
const lost = (path: string, how: string, cause?: unknown): Problem =>
  new Problem(
    'incomplete',
    `The key that signs versions cannot be used: ${path} is ${how}. Put the folder ${dirname(path)} back from the folder keys in the zip of a backup. Without a backup, run registry keys new to make a new key. The registry then verifies only signatures by keys that are still listed, and lab computers accept nothing new until they are enrolled again.`,
    undefined,
    { cause },
  );

async function moveAside(path: string): Promise<void> {
  try {
    await rename(path, `${path}.lost`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

const newest = (keys: readonly SigningKey[]): SigningKey => keys.at(-1) as SigningKey;

/** The file with the private part of a key. */
export const privatePath = (
  folder: string,
  { fingerprint }: Pick<SigningKey, 'fingerprint'>,
): string =>
  join(
    folder,
    `signing-${Buffer.from(fingerprint.slice('SHA256:'.length), 'base64').toString('hex')}.pem`,
  );

/**
 * Identifies the state of a file: another process replaces the file, which gives it another inode. Returns undefined if
 * there is no file.
 */
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
