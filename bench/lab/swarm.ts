/** A process of many simulated lab computers: each holds a stream of events open and fetches what lands. */
import { get, type IncomingMessage } from 'node:http';
import { update } from './exchange.ts';
import { now, type Said, type Start } from './messages.ts';

const say = (said: Said) => process.send?.(said);

process.once('message', async ({ url, name, has, computers }: Start) => {
  let heads = computers.map(() => has);
  let firstHeard = Number.POSITIVE_INFINITY;
  let bytes = 0;
  let had = 0;

  await Promise.all(
    computers.map(async ({ token, etag }, i) => {
      let known = etag;
      const stream = await listen(`${url}/api/events`, token);
      stream.setEncoding('utf8').on('data', async (text: string) => {
        if (!text.includes('definition.landed')) return;
        firstHeard = Math.min(firstHeard, now());
        const done = await update(url, token, name, heads[i] as string, known);
        known = done.etag;
        heads = heads.with(i, done.head);
        bytes += done.bytes;
        had += 1;
        if (had < computers.length) return;
        say({ kind: 'updated', firstHeard, lastHad: now(), bytes });
        [firstHeard, bytes, had] = [Number.POSITIVE_INFINITY, 0, 0];
      });
    }),
  );
  say({ kind: 'ready' });
});

process.once('disconnect', () => process.exit());

/** Once the stream stands. */
async function listen(url: string, token: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(url, { headers, agent: false }, (response) => {
    if (response.statusCode === 200) resolve(response);
    else reject(new Error(`${url}: ${response.statusCode}`));
  }).on('error', reject);
  return await promise;
}
