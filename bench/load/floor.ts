/** The floor: a bare Node server that sends the recorded answers from memory. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Exchange, header } from './exchange.ts';

/** Headers that Node writes itself. */
const OWN = /^(connection|keep-alive|date|transfer-encoding|content-length)$/i;

process.once('message', (recorded: Exchange[]) => {
  const answers = new Map(
    recorded.map(({ method, url, headers, body, answer }) => [
      keyOf(method, url, header(headers, 'git-protocol'), Buffer.from(body).toString('latin1')),
      {
        status: answer.status,
        headers: [...kept(answer.headers), 'content-length', String(answer.body.length)],
        body: Buffer.from(answer.body),
      },
    ]),
  );
  const send = (request: IncomingMessage, response: ServerResponse, body: string) => {
    const protocol = request.headers['git-protocol'] as string | undefined;
    const found = answers.get(keyOf(request.method, request.url, protocol, body));
    if (!found) return void response.writeHead(404, { 'content-length': 0 }).end();
    response.writeHead(found.status, found.headers).end(found.body);
  };
  const server = createServer((request, response) => {
    if (request.method === 'GET') return send(request, response, '');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => send(request, response, Buffer.concat(chunks).toString('latin1')));
  });
  server.listen(0, '127.0.0.1', () =>
    process.send?.({ port: (server.address() as AddressInfo).port }),
  );
});

process.once('disconnect', () => process.exit());

/** The key of a request, without its caller, because the floor authenticates nobody. */
function keyOf(method = '', url = '', protocol = '', body = ''): string {
  return `${method} ${url} ${protocol} ${body}`;
}

function kept(headers: string[]): string[] {
  return headers.filter((_, i) => !OWN.test(headers[i - (i % 2)] as string));
}
