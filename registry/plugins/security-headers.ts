/** What browsers must know of every answer. The reasons for each line: docs/decisions/0011. */
import type { ServerResponse } from 'node:http';

/**
 * Scripts, styles, workers and requests are the registry's own, and nothing is inline. WebAssembly may be compiled: the
 * editor's linter is that.
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

/** A year, in seconds. */
const HSTS_SECONDS = 365 * 24 * 3600;

/**
 * Gives what lays the headers on an answer, whoever then writes it. Put on the raw answer, so that those stand too
 * that Fastify's hooks do not see (a path that cannot be decoded, an answer that is handed on to another app).
 */
export function securityHeaders(publicUrl: () => string): (raw: ServerResponse) => void {
  const headers = Object.entries({
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // Not `no-referrer`: under that a form of our own would send `Origin: null`.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // Only people who reach it by https know that it has https.
    ...(publicUrl().startsWith('https:') && {
      'strict-transport-security': `max-age=${HSTS_SECONDS}`,
    }),
  });
  return (raw) => {
    for (const [name, value] of headers) raw.setHeader(name, value);
  };
}
