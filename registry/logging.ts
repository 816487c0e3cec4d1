/** Configures the log. The log must not contain secrets that callers send, nor content of the database. */
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
 * Replaces invisible characters in a line of the log by visible text. People read logs in terminals, and `pino-pretty`
 * prints even characters that JSON has escaped. The line stays valid JSON, because JSON itself escapes line ends, tabs and
 * backslashes.
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

/** Describes a request in the log. Leaves out the headers, because they contain credentials. */
function requestOf(request: FastifyRequest) {
  const { method, url, host, ip } = request;
  return { method, url: withoutSecrets(url), host, remoteAddress: ip };
}

/**
 * Describes an error in the log, with only its message, stack and code. Database drivers attach statements, values and whole
 * rows to errors (`query`, `detail`), which must not be in the log.
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

/** Matches a sign-in's address, whose query contains secrets (OpenID Connect). */
const SIGN_IN = /(\/api\/auth\/[^?\s]*)(\?\S*)?/g;
/** Matches query parameters in which people and programs send secrets by mistake. */
const SECRET_PARAMETERS = /([?&](?:[a-z_]*(?:token|secret|password)|code)=)[^&#\s]+/gi;
/** Matches tokens of people and computers anywhere in a text. */
const TOKENS = /(pb[rc]_)[\w-]{8,}/g;

export function withoutSecrets(text: string): string {
  return text
    .replace(SIGN_IN, (_, path, query) => (query ? `${path}?[left out]` : path))
    .replace(SECRET_PARAMETERS, '$1[left out]')
    .replace(TOKENS, '$1[left out]');
}
