/**
 * `node bench/http-backend.ts <folder> <password>`: serves the repositories in the folder with git's own server, `git
 * http-backend`, behind HTTP Basic, and prints the address. This server is a separate process, because starting git
 * from a large process costs more. The CGI interface follows RFC 3875; git-http-backend(1) lists the variables.
 */
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GIT_ALONE } from './git.ts';

const [folder = '', password = ''] = process.argv.slice(2);
const wanted = `Basic ${Buffer.from(`git:${password}`).toString('base64')}`;

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.authorization !== wanted) {
    request.resume();
    response.writeHead(401, { 'www-authenticate': 'Basic realm="bench"' }).end();
    return;
  }
  const { pathname, search } = new URL(request.url ?? '', 'http://localhost');
  const header = (name: string) => String(request.headers[name] ?? '');
  const child = spawn('git', ['http-backend'], {
    env: {
      ...GIT_ALONE,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? '',
      CONTENT_TYPE: header('content-type'),
      CONTENT_LENGTH: header('content-length'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      HTTP_GIT_PROTOCOL: header('git-protocol'),
      REMOTE_USER: 'git',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  let head = Buffer.alloc(0);
  child.stdout.on('data', function read(chunk: Buffer) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    child.stdout.off('data', read);
    const lines = head.toString('latin1', 0, end).split('\r\n');
    const headers = lines.map((line) => line.split(/: */, 2) as [string, string]);
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers));
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  });
}

const server = createServer(answer);
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once('SIGTERM', () => process.exit());
