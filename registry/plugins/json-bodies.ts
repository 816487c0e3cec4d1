/**
 * Reads the JSON of requests. JSON is UTF-8 (RFC 8259, section 8.1). Other bytes are refused; otherwise U+FFFD would be
 * stored in their place.
 */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../errors.ts';
import { type Scan, scanJson } from './json-scan.ts';
import { Turns } from './turns.ts';

/** In bytes. Larger bodies wait for a turn before each step, because several at once would delay everybody. */
const LARGE = 64 * 1024;

/** Accepts only JSON: without a parser, Fastify refuses every other content type. */
export function readJsonBodies(app: FastifyInstance): void {
  const careful = carefulParser(app);
  const turns = new Turns();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      const pause = async () => {
        if (bytes.length > LARGE) await turns.next();
      };
      await pause();
      if (!isUtf8(bytes))
        throw new Problem('malformed', 'The body is not UTF-8. JSON must be UTF-8.');
      const text = bytes.toString();
      const scan = scanJson(text);
      await pause();
      if (scan.excess) {
        const message = `The body has more than ${scan.excess}. Send less at once.`;
        throw new Problem('too_large', message);
      }
      const body = tryParse(text, scan) ?? (await careful(request, text));
      const fault = scan.repeated ?? scan.unfit;
      if (fault) throw new Problem('invalid', `${fault.path} ${fault.message}`, [fault]);
      await pause();
      return body;
    },
  );
}

/** Returns the value, or undefined if Fastify's parser must report the error. */
function tryParse(text: string, { isSuspicious }: Scan): unknown {
  if (isSuspicious) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fastify's parser, which searches the whole text for names that could change a prototype. */
function carefulParser(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error');
  return async (request: FastifyRequest, text: string): Promise<unknown> =>
    await new Promise((resolve, reject) => {
      parse(request, text, (error: Error | null, body: unknown) =>
        error ? reject(error) : resolve(body),
      );
    });
}
