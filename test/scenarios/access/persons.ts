/** The callers in the columns of docs/access.md. */
import type { Person } from '../../helpers/registry.ts';
import type { World } from './world.ts';

export interface Asker {
  /** The address of the registry, or of a second service on the same data with ANONYMOUS_READ. */
  url: string;
  /** Undefined for a caller without credentials. */
  person: Person | undefined;
}

/** The caller of each column. */
export function askersOf({ url, ...lab }: World, openUrl: string): Record<string, Asker> {
  return {
    nobody: { url, person: undefined },
    'anonymous read': { url: openUrl, person: undefined },
    "another lab's admin": { url, person: lab.dan },
    viewer: { url, person: lab.cleo },
    contributor: { url, person: lab.ben },
    'lab admin': { url, person: lab.ada },
    computer: { url, person: lab.pc },
    'bench computer': { url, person: lab.bench },
    'site admin': { url, person: lab.admin },
  };
}

export const PERSONS = Object.keys(askersOf({} as World, ''));

const REACH = ['read', 'write', 'admin'] as const;
type Scope = (typeof REACH)[number];

/** The same person, once with each scope smaller than `needed` and once with exactly this scope. */
export async function withTokens(
  { url, person }: Asker,
  needed: Scope,
): Promise<{ scope: Scope; suffices: boolean; asker: Asker }[]> {
  const scopes = person ? REACH.slice(0, REACH.indexOf(needed) + 1) : [];
  return (await Promise.all(
    scopes.map(async (scope) => {
      const token = await tokenOf(person as Person, scope);
      return { scope, suffices: scope === needed, asker: { url, person: { ...person, token } } };
    }),
  )) as never;
}

const made = new Map<string, Promise<string>>();

/** Returns a token for the person and scope, and creates each token only once. */
function tokenOf({ username, client }: Person, scope: Scope): Promise<string> {
  const key = `${username} ${scope}`;
  const token =
    made.get(key) ?? client.tokens.create({ name: scope, scope }).then(({ token }) => token);
  made.set(key, token);
  return token;
}
