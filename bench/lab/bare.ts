/** The floor: a bare server that only sends the same bytes as the registry. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The parent process first sends the bodies recorded from the registry, by method and path. Then the parent sends
 * `'land'` for each update.
 */
export type Recorded = Record<string, { body: string; etag: string }>;

process.once('message', (recorded: Recorded) => {
  const bodies = new Map(
    Object.entries(recorded).map(([what, { body, etag }]) => [
      what,
      { body: Buffer.from(body, 'base64'), etag },
    ]),
  );
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.url === '/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': here\n\n');
      streams.add(response);
      response.once('close', () => streams.delete(response));
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isFetch = Buffer.concat(chunks).includes('command=fetch');
      const found = bodies.get(`${request.method} ${request.url}${isFetch ? ' fetch' : ''}`);
      if (!found) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-length': found.body.length, etag: found.etag });
      response.end(found.body);
    });
  });
  process.on('message', () => {
    for (const stream of streams) stream.write('id: 1\nevent: definition.landed\ndata: {}\n\n');
  });
  // The bare server uses the registry's value, so that it does not close a client's connection between two updates.
  server.keepAliveTimeout = 72_000;
  server.listen(0, '127.0.0.1', () =>
    process.send?.({ port: (server.address() as AddressInfo).port }),
  );
});

process.once('disconnect', () => process.exit());
