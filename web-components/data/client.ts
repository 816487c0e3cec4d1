/**
 * The API client of the interface, which uses the session cookie. When a session ends, requests wait for a new sign-in.
 */
import { createClient, RegistryError } from '../../client/typescript/client.ts';
import { session } from './session.ts';

export { RegistryError };

export const client = createClient({ url: '', fetch: fetchInSession });

/**
 * The error that a form shows for invalid input before it sends anything. The error has the format of the registry's
 * problems.
 */
export const inputProblem = (detail: string, title = 'Something is missing') =>
  new RegistryError({ type: 'about:blank', title, status: 422, code: 'invalid', detail });

/**
 * Sends a request. If the session has ended, the request waits until the same user has signed in again, and is then
 * sent again, so that nothing typed is lost. If the user declines to sign in, the 401 is returned.
 *
 * The header `x-session-user` names the user of this page. Without the header, the registry would answer for another
 * user who has signed in meanwhile, or for nobody.
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
