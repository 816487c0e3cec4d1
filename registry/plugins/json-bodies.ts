/**
 * Reads the JSON of requests. JSON must be UTF-8 (RFC 8259, section 8.1), and other bytes are refused. If other bytes
 * were accepted, the registry would store U+FFFD in place of them.
 */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../errors.ts';
import { type Scan, scanJson } from './json-scan.ts';
import { Turns } from './turns.ts';

/**
 * Bytes. A larger body waits for its turn before each step, because several large bodies at once would delay all other
 * requests.
 */
const LARGE = 64 * 1024;

/** Makes Fastify accept only JSON: Fastify refuses content types that have no parser. */
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
        const message = `The body has more than ${scan.excess}. Send less data in one request.`;
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

/** Returns the parsed value, or undefined if Fastify's parser must read the text, because it reports errors. */
function tryParse(text: string, { isSuspicious }: Scan): unknown {
  if (isSuspicious) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Returns Fastify's parser, which is slower than `JSON.parse`, because it searches the whole text for names that could
 * change a prototype.
 */
function carefulParser(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error');
  return async (request: FastifyRequest, text: string): Promise<unknown> =>
    await new Promise((resolve, reject) => {
      parse(request, text, (error: Error | null, body: unknown) =>
        error ? reject(error) : resolve(body),
      );
    });
}
