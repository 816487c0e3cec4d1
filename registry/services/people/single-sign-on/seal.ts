/** Encrypts data that a browser stores for the registry. The browser cannot read or change the data. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface Seal<T> {
  close(value: T): string;
  /** Decrypts a text. Returns undefined if another seal created the text, if it was changed, or if it has expired. */
  open(text: string): T | undefined;
}

/** `purpose` gives each use its own key. A sealed text expires after `lifetimeMs` milliseconds. */
export function createSeal<T>(
  secret: string,
  purpose: string,
  lifetimeMs: number,
  now: () => number = Date.now,
): Seal<T> {
  const key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  return {
    close(value) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, key, iv);
      const text = JSON.stringify({ value, until: now() + lifetimeMs });
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open(text) {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      let opened: Buffer;
      try {
        opened = Buffer.concat([
          decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)),
          decipher.final(),
        ]);
      } catch {
        // final() throws only if the text was changed or was sealed with another key.
        return undefined;
      }
      const { value, until } = JSON.parse(opened.toString('utf8')) as { value: T; until: number };
      return until > now() ? value : undefined;
    },
  };
}
