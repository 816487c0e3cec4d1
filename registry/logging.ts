/** What the log contains and what it omits: secrets that callers send, and the content of the database. */
import type { FastifyRequest, FastifyServerOptions } from 'fastify';
import { visible } from '../text/hidden.ts';
import type { Config } from './config.ts';

export function loggerOptions({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>) {
  return {
    level: LOG_LEVEL,
    serializers: { req: requestOf, err: errorOf },
    hooks: { streamWrite: plainly },
    ...(process.stdout.isTTY && {
      transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } },
    }),
  } satisfies FastifyServerOptions['logger'];
}

/**
 * Logs are read in terminals, and `pino-pretty` prints characters that JSON escapes. So invisible characters are
 * spelled out in the line itself. The line stays valid JSON: JSON escapes line ends, tabs and backslashes.
 */
export function plainly(line: string): string {
  const escaped = line.replace(
    /\\(?:u00([01][0-9a-f]|7f)|b|f|\\)/g,
    (found, code: string | undefined) => {
      if (found === '\\\\') return found;
      return `<U+00${(code ?? (found === '\\b' ? '08' : '0c')).toUpperCase()}>`;
    },
  );
  return visible(escaped);
}

/** Omits the headers, which carry credentials; the useful ones are listed here. */
function requestOf(request: FastifyRequest) {
  const { method, url, host, ip } = request;
  return { method, url: withoutSecrets(url), host, remoteAddress: ip };
}

/**
 * Database drivers attach the statement, its values and whole rows to errors (`query`, `detail`). The log keeps only
 * the message, the stack and the code.
 */
function errorOf(error: Error & { code?: unknown }) {
  return {
    type: error.name,
    message: withoutSecrets(error.message),
    ...(error.code !== undefined && { code: error.code }),
    stack: withoutSecrets(stackOf(error)),
  };
}

function stackOf(error: Error): string {
  const { stack = String(error), cause } = error;
  return cause instanceof Error ? `${stack}\ncaused by: ${stackOf(cause)}` : stack;
}

/** The secrets that a sign-in has in its address (OpenID Connect). */
const SIGN_IN = /(\/api\/auth\/[^?\s]*\?)\S*/g;
/** Parameters in which people and programs send secrets by mistake. */
const SECRET_PARAMETERS = /([?&](?:[a-z_]*(?:token|secret|password)|code)=)[^&#\s]+/gi;
/** A token of a person or a computer, anywhere in the text. */
const TOKENS = /(pb[rc]_)[\w-]{8,}/g;

export function withoutSecrets(text: string): string {
  return text
    .replace(SIGN_IN, '$1[left out]')
    .replace(SECRET_PARAMETERS, '$1[left out]')
    .replace(TOKENS, '$1[left out]');
}
