/** The client of the whole interface: it goes by the session's cookie, and outlives the session. */
import { createClient, RegistryError } from '../../client/typescript/client.ts';
import { session } from './session.ts';

export { RegistryError };

export const client = createClient({ url: '', fetch: patiently });

/** What a form cannot be sent with, told as the registry would. */
export const inputProblem = (detail: string, title = 'Something is missing') =>
  new RegistryError({ type: 'about:blank', title, status: 422, code: 'invalid', detail });

/**
 * A request that finds the session ended waits until the same person has signed in again, and is then repeated: nothing
 * that was typed is lost. Signing in is offered by the app; where it is declined, the 401 stands. The registry is told
 * whom the page takes itself to be working for: else it would answer as it answers anybody.
 */
async function patiently(...[address, init]: Parameters<typeof fetch>): Promise<Response> {
  const id = session.me?.user.id;
  if (id === undefined) return await fetch(address, init);
  const headers = { ...(init?.headers as Record<string, string>), 'x-session-user': String(id) };
  const request = { ...init, headers };
  const response = await fetch(address, request);
  if (response.status !== 401) return response;
  return (await session.renewed()) ? await fetch(address, request) : response;
}
