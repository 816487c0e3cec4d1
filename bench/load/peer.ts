/**
 * The peer is what labs would otherwise use: nginx, fcgiwrap and `git http-backend`. On a machine without nginx or
 * fcgiwrap, the peer is `git http-backend` as a CGI behind Node.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { watch, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { git } from '../../test/helpers/git.ts';
import { GIT_ALONE } from '../git.ts';

export interface Peer {
  name: string;
  url: string;
  close(): Promise<void>;
}

export const PASSWORD = 'measured';
/**
 * The number of fcgiwrap processes. Each process handles one request at a time. More processes were not faster on two
 * cores.
 */
const WRAPPERS = 8;

/** Serves the repositories in the folder, with HTTP Basic for the user `git`. */
export async function startPeer(folder: string): Promise<Peer> {
  const nginx = find('nginx');
  const fcgiwrap = find('fcgiwrap');
  if (nginx && fcgiwrap) return await startNginx(folder, nginx, fcgiwrap);
  const missing = [nginx ? '' : 'nginx', fcgiwrap ? '' : 'fcgiwrap'].filter(Boolean).join(' and ');
  process.stderr.write(`without ${missing}: git http-backend runs as a CGI behind Node\n`);
  return await startCgi(folder);
}

/** Debian installs nginx and fcgiwrap in /usr/sbin, which is not on everybody's PATH. */
function find(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

async function startCgi(folder: string): Promise<Peer> {
  const program = join(import.meta.dirname, '..', 'http-backend.ts');
  const child = spawn(process.execPath, [program, folder, PASSWORD], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { name: 'git http-backend behind Node', url, close: () => end(child) };
}

async function startNginx(folder: string, nginx: string, fcgiwrap: string): Promise<Peer> {
  const port = await freePort();
  const socket = join(folder, 'fcgiwrap.sock');
  const backend = join((await git(['--exec-path'])).trim(), 'git-http-backend');
  await writeFile(join(folder, 'users'), `git:{PLAIN}${PASSWORD}\n`);
  await writeFile(join(folder, 'nginx.conf'), configuration({ folder, port, socket, backend }));
  const ready = Promise.all([appears(folder, 'fcgiwrap.sock'), appears(folder, 'nginx.pid')]);
  const guard = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'until-eof.ts'),
      ...[fcgiwrap, '-c', `${WRAPPERS}`, '-s', `unix:${socket}`],
      '--',
      ...[nginx, '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'],
    ],
    { env: GIT_ALONE, stdio: ['pipe', 'ignore', 'inherit'] },
  );
  await ready;
  return {
    name: 'git http-backend behind nginx',
    url: `http://127.0.0.1:${port}`,
    async close() {
      const ended = once(guard, 'exit');
      guard.stdin.end();
      await ended;
    },
  };
}

const configuration = (at: { folder: string; port: number; socket: string; backend: string }) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${at.folder}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000;
  keepalive_timeout 75s;
  client_max_body_size 64m;
  client_body_temp_path ${at.folder}/bodies;
  fastcgi_temp_path ${at.folder}/answers;
  proxy_temp_path ${at.folder}/unused;
  scgi_temp_path ${at.folder}/unused;
  uwsgi_temp_path ${at.folder}/unused;
  server {
    listen 127.0.0.1:${at.port} backlog=4096;
    auth_basic "bench";
    auth_basic_user_file ${at.folder}/users;
    location / {
      fastcgi_pass unix:${at.socket};
      # With kept connections fcgiwrap hangs: each of its processes waits for its own connection.
      fastcgi_keep_conn off;
      fastcgi_param SCRIPT_FILENAME ${at.backend};
      fastcgi_param GIT_PROJECT_ROOT ${at.folder};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param REMOTE_ADDR $remote_addr;
    }
  }
}
`;

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** Resolves when the file exists in the folder. */
function appears(folder: string, file: string): Promise<void> {
  const seen = watch(folder, { signal: AbortSignal.timeout(60_000) });
  const wait = async () => {
    for await (const { filename } of seen) if (filename === file) return;
  };
  return wait();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
