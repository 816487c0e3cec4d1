/** Security headers of every answer. docs/decisions/0011 has the reasons for each line. */
import type { ServerResponse } from 'node:http';

/**
 * Scripts, styles, workers and requests must come from the registry, and nothing may be inline. WebAssembly may be
 * compiled, because the editor's linter needs it.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

type Headers = readonly [name: string, value: string][];

/** A year, in seconds. */
const HSTS_SECONDS = 365 * 24 * 3600;

/** The names and values of the headers. Known before the server listens: only the scheme of the address counts. */
export function securityHeaders(publicUrl: () => string): Headers {
  return Object.entries({
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // Not `no-referrer`, which would make forms of the registry send `Origin: null`.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // Only for addresses with https; otherwise the registry may not be reachable by https at all.
    ...(publicUrl().startsWith('https:') && {
      'strict-transport-security': `max-age=${HSTS_SECONDS}`,
    }),
  });
}

/**
 * Returns a function that sets the headers on a raw answer. Answers that Fastify's hooks do not see have them too (a
 * path that cannot be decoded, an answer that another app writes).
 */
export function securing(headers: Headers): (raw: ServerResponse) => void {
  return (raw) => {
    for (const [name, value] of headers) raw.setHeader(name, value);
  };
}
