/** What the first start tells whoever started it. A token stands in it only where it is printed to a terminal. */
import type { FirstAdmin } from '../services/start/first-start.ts';

/** Without a first administrator only where the registry is. */
export function greeting(url: string, first: FirstAdmin | null): string[] {
  const address = `The registry is at ${url}`;
  if (!first) return [address];
  return [
    '',
    address,
    '',
    `  Sign in as      ${first.username}`,
    ...(first.password
      ? [`  with password   ${first.password}   (for 24 hours: choose another one)`]
      : ['  with the password that ADMIN_PASSWORD gives']),
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
      '  Clone a definition with git; its password is a token, which this makes:',
      '',
      `  npx registry token create ${username}`,
      `  git clone ${repository.href}`,
    ];
  }
  repository.password = token;
  return [
    '  Clone a definition with git (the token in this line is yours, for 24 hours; it is shown this once):',
    '',
    `  git clone ${repository.href}`,
  ];
}
