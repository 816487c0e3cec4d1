/** What the log says, and what it must not: no secret that somebody sends, nothing of what a database holds. */
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
 * A log is read in terminals, and `pino-pretty` writes what JSON escapes as it is: what nobody sees is spelled out in the
 * line itself. JSON stays JSON: the ends of lines, tabs and escaped backslashes are left to it.
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

/** No headers: they carry credentials, and what is of use in them is here. */
function requestOf(request: FastifyRequest) {
  const { method, url, host, ip } = request;
  return { method, url: withoutSecrets(url), host, remoteAddress: ip };
}

/**
 * Database drivers hang the statement, its values and whole rows on their errors (`query`, `detail`): what an error
 * says of itself, where it comes from and its code are enough.
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

/** What a sign-in carries in its address (OpenID Connect). */
const SIGN_IN = /(\/api\/auth\/[^?\s]*\?)\S*/g;
/** Parameters in which people and programs send secrets by mistake. */
const SECRET_PARAMETERS = /([?&](?:[a-z_]*(?:token|secret|password)|code)=)[^&#\s]+/gi;
/** A token of ours, a person's or a computer's, wherever it stands. */
const TOKENS = /(pb[rc]_)[\w-]{8,}/g;

export function withoutSecrets(text: string): string {
  return text
    .replace(SIGN_IN, '$1[left out]')
    .replace(SECRET_PARAMETERS, '$1[left out]')
    .replace(TOKENS, '$1[left out]');
}
