/** What the first start tells whoever started it; printed to the terminal once and never logged. */
import type { FirstAdmin } from '../services/first-start.ts';

/** Without a first administrator only where the registry is. */
export function greeting(url: string, first: FirstAdmin | null): string[] {
  const address = `The registry is at ${url}`;
  if (!first) return [address];
  const withToken = new URL(url);
  withToken.username = first.username;
  withToken.password = first.token;
  return [
    '',
    address,
    '',
    `  Sign in as      ${first.username}`,
    ...(first.password
      ? [`  with password   ${first.password}   (shown this once)`]
      : ['  with the password that ADMIN_PASSWORD gives']),
    `  Open            ${url}/`,
    '',
    '  Clone a definition with git (the token in this line is yours; it is shown this once):',
    '',
    `  git clone ${withToken.href.replace(/\/$/, '')}/definitions/SR830.git`,
    '',
  ];
}
