/** Puts a load balancer in front of processes of the registry: nginx with the example of docs/, or a small proxy. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type RequestOptions,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { untilChanged } from './folder-changes.ts';

const run = promisify(execFile);
const EXAMPLE = join(import.meta.dirname, '..', '..', 'docs', 'examples', 'nginx.conf');

export interface Balancer {
  url: string;
  /** The folder of nginx, with its log. */
  folder: string;
}

/** Starts nginx with docs/examples/nginx.conf: other ports and paths, these servers, and no TLS. */
export async function startNginx(t: Test, hosts: readonly string[]): Promise<Balancer> {
  // Nginx does not accept a path with a space without quotes.
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const port = await freePort();
  let [at, servers] = [0, 0];
  const text = (await readFile(EXAMPLE, 'utf8'))
    .replace(/^( {4}server )127\.0\.0\.1:\d+(.*\n)/gm, (_, before: string, after: string) => {
      servers += 1;
      const host = hosts[at++];
      return host === undefined ? '' : `${before}${host}${after}`;
    })
    .replace(/^server \{\n {4}listen 80;[^}]*\}\n/m, '')
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replace(/^ {4}ssl_.*\n/gm, '')
    .replace('/var/log/nginx', folder);
  if (hosts.length > servers) throw new Error(`the example has only ${servers} servers`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  const path = join(folder, 'nginx.conf');
  await writeFile(
    path,
    `pid ${folder}/pid;\nerror_log ${folder}/error.log;\nevents {}\nhttp {\n${temporary}\n${text}}\n`,
  );
  await run('nginx', ['-t', '-q', '-p', folder, '-c', path]);
  const nginx = spawn('nginx', ['-p', folder, '-c', path, '-g', 'daemon off;'], {
    stdio: 'ignore',
  });
  t.teardown(async () => {
    nginx.kill('SIGTERM');
    if (nginx.exitCode === null && nginx.signalCode === null) await once(nginx, 'exit');
  });
  await untilChanged(
    folder,
    async () => (await readFile(join(folder, 'pid'), 'utf8').catch(() => '')) !== '',
  );
  return { url: `http://127.0.0.1:${port}`, folder };
}

/** Starts a proxy that sends each request to the next server, and repeats a GET that fails, as the example for nginx. */
export async function startRoundRobin(t: Test, hosts: readonly string[]): Promise<{ url: string }> {
  let at = 0;
  const proxy = createServer((incoming, outgoing) => void pass(incoming, outgoing, hosts.length));
  async function pass(incoming: IncomingMessage, outgoing: ServerResponse, tries: number) {
    const [hostname, port] = (hosts[at++ % hosts.length] as string).split(':');
    const { method, url: path, headers } = incoming;
    const options = { hostname, port, method, path, agent: false } as RequestOptions;
    const sent = request({
      ...options,
      headers: { ...headers, 'x-forwarded-for': incoming.socket.remoteAddress },
    });
    outgoing.on('close', () => sent.destroy());
    sent.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => outgoing.destroy()).pipe(outgoing);
    });
    sent.on('error', () => {
      if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
      else if (method === 'GET' && tries > 1) void pass(incoming, outgoing, tries - 1);
      else outgoing.writeHead(502).end();
    });
    incoming.pipe(sent);
  }
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
