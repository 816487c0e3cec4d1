/** Finds the error with which the database ends, in the bytes of an answer (PostgreSQL's manual, "Message Formats"). */

const ERROR_RESPONSE = 'E'.charCodeAt(0);

export interface LastWords {
  /** The SQLSTATE. */
  code: string;
  message: string;
}

/**
 * After a `FATAL` error or a `PANIC`, for example because the disk of its log is full, PostgreSQL ends: it answers no more.
 * Returns undefined for an answer after which it goes on.
 */
export function lastWords(answer: Uint8Array): LastWords | undefined {
  const bytes = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  // Each message has a type, and then its length without the type.
  for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    if (bytes[at] !== ERROR_RESPONSE) continue;
    const fields = fieldsOf(bytes.toString('utf8', at + 5, at + 1 + bytes.readInt32BE(at + 1)));
    const [severity, code = '', message = ''] = ['V', 'C', 'M'].map((type) => fields.get(type));
    if (severity === 'FATAL' || severity === 'PANIC') return { code, message };
  }
  return undefined;
}

/** The fields of an error: each begins with its type and ends with a NUL. */
const fieldsOf = (text: string): Map<string, string> =>
  new Map(text.split('\0').map((field) => [field.slice(0, 1), field.slice(1)]));
