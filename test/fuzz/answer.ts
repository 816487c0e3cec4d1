/** Which answers a hostile request may get. */

/** Statuses of the registry's own faults that are documented: overloaded or closing, and no space. */
const DOCUMENTED = [503, 507];

export function faultOf(status: number, body: string): string | undefined {
  if (status < 500 || DOCUMENTED.includes(status)) return undefined;
  return `answered ${status}: ${body.slice(0, 300)}`;
}

export async function send(url: string, init: RequestInit): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(120_000) });
    return faultOf(answer.status, await answer.text());
  } catch (error) {
    const { name, cause } = error as Error;
    if (name === 'TimeoutError') return 'no answer within two minutes';
    // The registry may close the connection of a request that it does not read to the end.
    const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
    return /^(UND_ERR_SOCKET|ECONNRESET|EPIPE|HPE_)/.test(code) ? undefined : `${error} ${code}`;
  }
}
