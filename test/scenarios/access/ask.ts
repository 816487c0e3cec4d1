/** Sends a real HTTP request as a caller, and returns the whole answer. */
import type { Asker } from './persons.ts';

export interface Answer {
  status: number;
  /** The headers of the answer, without Date. */
  headers: Record<string, string>;
  body: string;
}

export async function ask(
  { url, person }: Asker,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      ...(person && { authorization: `Bearer ${person.token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return await whole(response);
}

/** Sends git's first request for a repository as a caller. */
export async function askGit({ url, person }: Asker, name: string, rest: string): Promise<Answer> {
  const basic = person && Buffer.from(`git:${person.token}`).toString('base64');
  const response = await fetch(`${url}/definitions/${name}.git/${rest}`, {
    ...(basic && { headers: { authorization: `Basic ${basic}` } }),
  });
  return await whole(response);
}

async function whole(response: Response): Promise<Answer> {
  const { date: _, 'x-request-id': _id, ...headers } = Object.fromEntries(response.headers);
  if (headers['content-type']?.startsWith('text/event-stream')) {
    // Cancelling the body is needed for the event stream, which would never end.
    await response.body?.cancel();
    return { status: response.status, headers, body: '' };
  }
  const body = Buffer.from(await response.arrayBuffer()).toString('latin1');
  return { status: response.status, headers, body };
}
