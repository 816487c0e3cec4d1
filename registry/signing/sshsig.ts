/**
 * SSH signatures with Ed25519 keys, made and verified with Node's crypto module only. OpenSSH's PROTOCOL.sshsig defines
 * the signature and its armour. RFC 4253 section 5 defines the `string` encoding, RFC 8709 Ed25519 keys and signatures.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

const KEY_TYPE = 'ssh-ed25519';
const MAGIC = Buffer.from('SSHSIG');
const VERSION = 1;
/** The two hashes that PROTOCOL.sshsig allows. `ssh-keygen -Y sign` uses SHA-512 by default. */
const HASHES: readonly string[] = ['sha256', 'sha512'];
const HASH = 'sha512';
const BEGIN = '-----BEGIN SSH SIGNATURE-----\n';
const END = '\n-----END SSH SIGNATURE-----\n';
const COLUMNS = /.{1,70}/g;

/** The bytes are no signature, are no Ed25519 signature, or do not sign the given payload. */
export class SignatureError extends Error {
  readonly code = 'bad_signature';
}

/** Signs `payload` for one namespace and returns the armoured signature. `verifySsh` needs the same namespace. */
export function signSsh(payload: Uint8Array, privateKey: KeyObject, namespace: string): string {
  const signature = sign(null, signedData(payload, namespace, HASH), privateKey);
  const version = Buffer.alloc(4);
  version.writeUInt32BE(VERSION);
  const blob = Buffer.concat([
    MAGIC,
    version,
    string(publicPartOf(privateKey)),
    string(namespace),
    string(''),
    string(HASH),
    string(Buffer.concat([string(KEY_TYPE), string(signature)])),
  ]);
  return BEGIN + (blob.toString('base64').match(COLUMNS) ?? []).join('\n') + END;
}

/**
 * Verifies a signature and returns the public key blob of its signer. The caller decides whether to trust that key.
 * Throws `SignatureError` if the signature is invalid or was not made by an Ed25519 key.
 */
export function verifySsh(payload: Uint8Array, armoured: string, namespace: string): Buffer {
  const { publicKey, hash, signature, ...read } = readSignature(unarmour(armoured));
  if (read.namespace !== namespace) {
    throw new SignatureError(`it was made for ${read.namespace}, not for ${namespace}`);
  }
  const data = signedData(payload, namespace, hash);
  if (!verify(null, data, keyOf(publicKey), signature)) {
    throw new SignatureError('it signs other bytes');
  }
  return publicKey;
}

/** The public parts of keys that have signed, kept so that each part is computed only once. */
const publicParts = new WeakMap<KeyObject, Buffer>();

function publicPartOf(privateKey: KeyObject): Buffer {
  const known = publicParts.get(privateKey) ?? publicKeyBlob(createPublicKey(privateKey));
  publicParts.set(privateKey, known);
  return known;
}

/** Encodes an Ed25519 key as SSH does. */
export function publicKeyBlob(key: KeyObject): Buffer {
  const { x = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([string(KEY_TYPE), string(Buffer.from(x, 'base64url'))]);
}

/** The line of a `.pub` file for a key, without a comment. */
export const publicKeyLine = (blob: Buffer): string => `${KEY_TYPE} ${blob.toString('base64')}`;

/** The fingerprint of a key, as `ssh-keygen -l` and git print it. */
export function fingerprintOf(blob: Buffer): string {
  const digest = createHash('sha256').update(blob).digest('base64');
  return `SHA256:${digest.replaceAll('=', '')}`;
}

/**
 * The bytes that are signed for a payload. The signed bytes contain the namespace and the hash of the payload, not the
 * payload itself.
 */
function signedData(payload: Uint8Array, namespace: string, hash: string): Buffer {
  const digest = createHash(hash).update(payload).digest();
  return Buffer.concat([MAGIC, string(namespace), string(''), string(hash), string(digest)]);
}

function string(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Decodes an armoured signature. Only the canonical armour is accepted, so each signature has exactly one text. */
function unarmour(text: string): Buffer {
  if (!text.startsWith(BEGIN) || !text.endsWith(END)) throw new SignatureError('it has no armour');
  const lines = text.slice(BEGIN.length, -END.length);
  const blob = Buffer.from(lines, 'base64');
  if (blob.toString('base64') !== lines.replaceAll('\n', '')) {
    throw new SignatureError('its armour is not base64');
  }
  return blob;
}

function readSignature(blob: Buffer) {
  const whole = new Reader(blob);
  if (!whole.take(MAGIC.length).equals(MAGIC))
    throw new SignatureError('it is not an SSH signature');
  const version = whole.take(4).readUInt32BE();
  if (version !== VERSION) throw new SignatureError(`version ${version} is not known`);
  const publicKey = whole.string();
  const namespace = whole.string().toString();
  whole.string(); // PROTOCOL.sshsig reserves this field; it must be ignored.
  const hash = whole.string().toString();
  if (!HASHES.includes(hash)) throw new SignatureError(`the hash ${hash} is not known`);
  const inner = new Reader(whole.string());
  whole.end();
  inner.keyType();
  const signature = inner.string();
  inner.end();
  return { publicKey, namespace, hash, signature };
}

function keyOf(blob: Buffer): KeyObject {
  const reader = new Reader(blob);
  reader.keyType();
  const x = reader.string();
  reader.end();
  if (x.length !== 32) throw new SignatureError('its key does not have 32 bytes');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

/** Reads SSH fields from the start of a buffer. Throws `SignatureError` if bytes are missing or left over. */
class Reader {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  take(length: number): Buffer {
    if (length > this.#rest.length) throw new SignatureError('it ends too early');
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  string(): Buffer {
    return this.take(this.take(4).readUInt32BE());
  }

  keyType(): void {
    const type = this.string().toString();
    if (type !== KEY_TYPE) throw new SignatureError(`its key is ${type}, not ${KEY_TYPE}`);
  }

  end(): void {
    if (this.#rest.length > 0) throw new SignatureError('something follows it');
  }
}
