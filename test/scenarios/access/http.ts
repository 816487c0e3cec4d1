/** Performs a cell of docs/access.md that is about the HTTP API. */
import { type Answer, ask } from './ask.ts';
import type { Row } from './matrix.ts';
import type { Asker } from './persons.ts';
import { REQUESTS } from './requests.ts';
import type { Route } from './routes.ts';
import type { Thing } from './things.ts';

export async function request(
  { method, url }: Route,
  { operation, variant }: Row,
  thing: Thing | undefined,
  asker: Asker,
): Promise<Answer> {
  const given = thing ?? ({} as Thing);
  const { id, name, member: user_id, computer: computer_name, hash } = given;
  const parameters: Record<string, string | number> = {
    id: url.includes('/instrument-definitions/') ? given.definition : id,
    name,
    user_id,
    computer_name,
    id_or_name: id,
    hash,
    n: 1,
    code: 'not_found',
  };
  const path = url
    .replace(/:(\w+)/g, (_, name) => encodeURIComponent(String(parameters[name])))
    .replace('*', '');
  const { query = {}, body } = REQUESTS[`${operation} ${variant}`.trim()]?.(given) ?? {};
  const search = new URLSearchParams(
    Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
  );
  return await ask(asker, method, search.size > 0 ? `${path}?${search}` : path, body);
}

/** The page's word or number for an answer. */
export function outcome({ status, body }: Answer, expected: string, thing?: Thing): string {
  if (status >= 300 || /^\d+$/.test(expected)) return String(status);
  const answered = JSON.parse(body);
  if (expected === 'landed' || expected === 'proposed') {
    return answered.merge_request ? 'proposed' : 'landed';
  }
  // The answer to a search by name contains facets, which count the results.
  if (answered.status?.length !== undefined) return answered.status.length > 0 ? 'shown' : 'absent';
  const { items } = answered as { items: { id?: number; lab_id?: number }[] };
  const isThere = items.some(({ id, lab_id }) => id === thing?.id || lab_id === thing?.id);
  return isThere ? 'shown' : 'absent';
}

/** Whether the caller can see the thing at all. No operation in the tables changes who sees a thing. */
export async function sees(asker: Asker, page: string | null): Promise<boolean> {
  if (page === null) return false;
  const key = `${asker.url} ${asker.person?.token} ${page}`;
  const answer = known.get(key) ?? ask(asker, 'GET', page).then(({ status }) => status === 200);
  known.set(key, answer);
  return await answer;
}

const known = new Map<string, Promise<boolean>>();
