/** The message that the first start prints. The message contains a token only if it is printed on a terminal. */
import type { FirstAdmin } from '../services/start/first-start.ts';

/**
 * Returns the lines of the message. If the start has not created the first administrator, the message has only the
 * address.
 */
export function greeting(url: string, first: FirstAdmin | null): string[] {
  const address = `The registry is at ${url}`;
  if (!first) return [address];
  return [
    '',
    address,
    '',
    `  Sign in as      ${first.username}`,
    ...(first.password
      ? [`  with password   ${first.password}   (valid for 24 hours, then choose your own)`]
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
      '  To clone a definition with git, create a token with the first command. Use it as the password of the second:',
      '',
      `  npx registry token create ${username}`,
      `  git clone ${repository.href}`,
    ];
  }
  repository.password = token;
  return [
    '  To clone a definition with git, run this command. The token in it is valid for 24 hours and shown only once:',
    '',
    `  git clone ${repository.href}`,
  ];
}
