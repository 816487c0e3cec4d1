/** The security headers of every answer. docs/decisions/0011 gives the reason for each line. */
import type { ServerResponse } from 'node:http';

/**
 * Pages may load scripts, styles and workers only from the registry, and send requests only to it. Nothing may be inline.
 * WebAssembly is allowed, because the editor's linter needs it.
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

/** One year, in seconds. */
const HSTS_SECONDS = 365 * 24 * 3600;

/**
 * Returns the headers. The headers depend only on the scheme of the address (http or https), so they can be made before
 * the server listens.
 */
export function securityHeaders(publicUrl: () => string): Headers {
  return Object.entries({
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // The value is not `no-referrer`, because browsers would then send `Origin: null` from forms of the registry.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // The header is sent only if the address has https. The header would lock browsers out of a registry that has only
    // http.
    ...(publicUrl().startsWith('https:') && {
      'strict-transport-security': `max-age=${HSTS_SECONDS}`,
    }),
  });
}

/**
 * Returns a function that sets the headers on a raw answer. Even answers that do not pass Fastify's hooks have the
 * headers, for example if a path cannot be decoded or another app writes the answer.
 */
export function securing(headers: Headers): (raw: ServerResponse) => void {
  return (raw) => {
    for (const [name, value] of headers) raw.setHeader(name, value);
  };
}
