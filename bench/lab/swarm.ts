/** A process that simulates many lab computers. Each computer keeps an event stream open and fetches new versions. */
import { get, type IncomingMessage } from 'node:http';
import { update } from './exchange.ts';
import { type Message, now, type Start } from './messages.ts';

const say = (said: Message) => process.send?.(said);

process.once('message', async ({ url, name, has, computers, fetches }: Start) => {
  const heard: number[] = [];
  let done = 0;

  await Promise.all(
    computers.map(async ({ token, etag }) => {
      let known = { etag, head: has };
      const stream = await listen(`${url}/api/events`, token);
      stream.setEncoding('utf8').on('data', async (text: string) => {
        if (!text.includes('definition.landed')) return;
        heard.push(now());
        if (fetches) known = await update(url, token, name, known.head, known.etag);
        if (++done < computers.length) return;
        const [firstHeard, lastHeard] = [Math.min(...heard), Math.max(...heard)];
        say({ kind: 'reached', firstHeard, lastHeard, done: now() });
        [heard.length, done] = [0, 0];
      });
    }),
  );
  say({ kind: 'ready' });
});

process.once('disconnect', () => process.exit());

/** Resolves when the stream is open. */
async function listen(url: string, token: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(url, { headers, agent: false }, (response) => {
    if (response.statusCode === 200) resolve(response);
    else reject(new Error(`${url}: ${response.statusCode}`));
  }).on('error', reject);
  return await promise;
}
