/** The message of the first start. It contains a token only if it goes to a terminal. */
import type { FirstAdmin } from '../services/start/first-start.ts';

/** Without a first administrator, the message only gives the address. */
export function greeting(url: string, first: FirstAdmin | null): string[] {
  const address = `The registry is at ${url}`;
  if (!first) return [address];
  return [
    '',
    address,
    '',
    `  Sign in as      ${first.username}`,
    ...(first.password
      ? [`  with password   ${first.password}   (valid for 24 hours: choose your own)`]
      : ['  with the password in ADMIN_PASSWORD']),
    `  Open            ${url}/`,
    '',
    ...cloning(new URL(`${url}/definitions/SR830.git`), first),
    '',
  ];
}

function cloning(repository: URL, { username, token }: FirstAdmin): string[] {
  repository.username = username;
  if (token === null) {
    return [
      '  Clone a definition with git. The first command creates a token: use it as the password.',
      '',
      `  npx registry token create ${username}`,
      `  git clone ${repository.href}`,
    ];
  }
  repository.password = token;
  return [
    '  Clone a definition with git. This command contains your token; it is valid for 24 hours and shown only once:',
    '',
    `  git clone ${repository.href}`,
  ];
}
