/**
 * Reads the JSON of requests. JSON is UTF-8 (RFC 8259, section 8.1): bytes that are not would be kept as U+FFFD in the
 * place of what was meant. A number that is too large for a double would be kept as null, and what is nested too
 * deeply for the call stack cannot be written to the database at all.
 */
import type { FastifyInstance } from 'fastify';
import { Problem } from '../errors.ts';
import { repeatedKey } from './repeated-keys.ts';

/** As deep as the settings in a definition's header may be. */
const MOST_DEPTH = 100;

/** Nothing but JSON is taken: without a parser for it, Fastify refuses every other content type. */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, bytes, done) => {
      if (countValues(bytes, MOST_VALUES) > MOST_VALUES) {
        const message = `The body has more than ${MOST_VALUES} values. Send less at once.`;
        done(new Problem('too_large', message));
        return;
      }
      const text = asText(bytes);
      if (text === undefined) {
        done(new Problem('malformed', 'The body is not UTF-8, as JSON must be.'));
        return;
      }
      parse(request, text, (error, body) =>
        done(error ?? repeated(text) ?? unfit(body) ?? null, body),
      );
    },
  );
}

/** Which of the two would count is nobody's to guess. */
function repeated(text: string): Problem | undefined {
  const path = repeatedKey(text);
  const message = 'is given twice: leave one of them out';
  return path === undefined
    ? undefined
    : new Problem('invalid', `${path} ${message}`, [{ path, message }]);
}

/** Lists of columns take some ten thousand; to make objects of a million values would hold up everybody. */
const MOST_VALUES = 50_000;

const [QUOTE, BACKSLASH, COMMA, BRACE, BRACKET] = Buffer.from('"\\,{[');

/** About how many values JSON text has, and no further than `most`: whether it is JSON is for the parser to say. */
function countValues(bytes: Buffer, most: number): number {
  let count = 1;
  for (let at = 0; at < bytes.length && count <= most; at++) {
    const byte = bytes[at];
    if (byte === COMMA || byte === BRACE || byte === BRACKET) count++;
    else if (byte === QUOTE) {
      at++;
      while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    }
  }
  return count;
}

function asText(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

/** Why the registry cannot keep this, by the first property in which it is. */
function unfit(body: unknown): Problem | undefined {
  for (const [path, value] of Object.entries(body ?? {})) {
    const message = whyUnfit(value, 1);
    if (message) return new Problem('invalid', `${path} ${message}`, [{ path, message }]);
  }
  return undefined;
}

function whyUnfit(value: unknown, depth: number): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return 'has a number that is too large to be kept';
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > MOST_DEPTH) return `is nested deeper than ${MOST_DEPTH} levels`;
  for (const inner of Object.values(value)) {
    const why = whyUnfit(inner, depth + 1);
    if (why) return why;
  }
  return undefined;
}
