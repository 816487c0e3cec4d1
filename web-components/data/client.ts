/** The API client of the interface. It uses the session cookie and survives the end of a session. */
import { createClient, RegistryError } from '../../client/typescript/client.ts';
import { session } from './session.ts';

export { RegistryError };

export const client = createClient({ url: '', fetch: fetchInSession });

/** A problem that a form finds before it is sent, in the format of the registry. */
export const inputProblem = (detail: string, title = 'Something is missing') =>
  new RegistryError({ type: 'about:blank', title, status: 422, code: 'invalid', detail });

/**
 * If the session has ended, a request waits until the same user has signed in again and is then repeated, so that nothing
 * typed is lost. If the user declines to sign in, the 401 is returned. `x-session-user` names the user for whom the page
 * works: without it, the registry would answer for whoever has signed in since, or anonymously.
 */
async function fetchInSession(...[address, init]: Parameters<typeof fetch>): Promise<Response> {
  const id = session.me?.user.id;
  if (id === undefined) return await fetch(address, init);
  const headers = { ...(init?.headers as Record<string, string>), 'x-session-user': String(id) };
  const request = { ...init, headers };
  const response = await fetch(address, request);
  if (response.status !== 401) return response;
  return (await session.waitForRenewal()) ? await fetch(address, request) : response;
}
