/** A recording proxy between real git and a server. */
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Exchange } from './exchange.ts';

export interface Recorder {
  /** The address of the proxy, which git uses instead of the server's. */
  url: string;
  /** Returns the exchanges since the last call. Throws if an exchange failed. */
  taken(): Exchange[];
  close(): void;
}

export async function startRecorder(target: string): Promise<Recorder> {
  const { host } = new URL(target);
  let exchanges: Exchange[] = [];

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', rawHeaders } = request;
    const body = await buffer(request);
    const headers = rawHeaders.map((value, i) =>
      /^host$/i.test(rawHeaders[i - 1] ?? '') ? host : value,
    );
    const begun = performance.now();
    const answer = await forward(`${target}${url}`, method, headers, body);
    const time = performance.now() - begun;
    exchanges.push({ method, url, headers, body, answer, time });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  const server = createServer((request, response) => {
    pass(request, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken() {
      const found = exchanges;
      exchanges = [];
      for (const { method, url, answer } of found) {
        if (answer.status !== 200)
          throw new Error(`${method} ${url}: ${answer.status} ${answer.body}`);
      }
      return found;
    },
    close: () => server.close(),
  };
}

async function forward(
  url: string,
  method: string,
  headers: string[],
  body: Buffer,
): Promise<Exchange['answer']> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  ask(url, { method, headers }, resolve).once('error', reject).end(body);
  const response = await promise;
  const { statusCode: status = 0, rawHeaders } = response;
  return { status, headers: rawHeaders, body: await buffer(response) };
}
