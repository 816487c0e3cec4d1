/** Serves the git layer on a plain `node:http` server, and runs its clients. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openGitProgram } from '../../../repos/process.ts';
import type { Answer } from '../../../repos/serve/answer.ts';
import type { PushGate } from '../../../repos/serve/gate.ts';
import { advertise } from '../../../repos/serve/info-refs.ts';
import { receivePack } from '../../../repos/serve/receive-pack.ts';
import { uploadPack } from '../../../repos/serve/upload-pack.ts';
import type { GitProgram, Repositories, Repository } from '../../../repos/types.ts';
import { someGitCaches } from '../../helpers/caches.ts';
import { untilChanged } from '../../helpers/folder-changes.ts';
import { openWithLease } from '../../helpers/repositories.ts';

export interface TestServer extends AsyncDisposable {
  url: string;
  folder: string;
  git: GitProgram;
  repositories: Repositories;
  /** The errors of the server itself. */
  failures: Error[];
  /** Resolves at the next failure. */
  nextFailure(): Promise<void>;
  /** The gate, the visible refs and the limits. Tests may replace them. */
  rules: {
    gate(repository: Repository): PushGate;
    visible(ref: string): boolean;
    limits: { packBytes: number; fileBytes: number };
  };
  /** Runs a git client. Rejects with git's output if git fails. */
  client(args: string[], options?: { cwd?: string; env?: Record<string, string> }): Promise<string>;
  /** Creates a working copy with the repository as `origin` and a branch `main` without commits. */
  workingCopy(name: string): Promise<string>;
  /** All paths in the workshop, where unfinished pushes keep their files. */
  leftovers(): Promise<string[]>;
  /** Resolves when the entries directly in the workshop fulfil the condition. */
  untilLeftovers(holds: (paths: string[]) => boolean): Promise<void>;
}

/** A gate that accepts every push. Refs move one by one, or together if the client requests it. */
export function openGate(repository: Repository): PushGate {
  return {
    admit: async () => [],
    async receive({ commands, atomic, keep }) {
      await keep();
      if (atomic) await repository.updateRefs(commands);
      else for (const command of commands) await repository.updateRefs([command]);
      return commands.map(({ ref }) => ({ ref, ok: true }));
    },
    refuseMoved: async () => ({ reason: 'changed on the server; fetch first' }),
  };
}

export async function startServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'serve-test-'));
  const git = await openGitProgram();
  const root = join(folder, 'repos');
  const caches = someGitCaches();
  const repositories = await openWithLease({
    root,
    journal: join(folder, 'journal'),
    git,
    caches,
  });
  const failures: Error[] = [];
  const rules: TestServer['rules'] = {
    gate: openGate,
    visible: () => true,
    limits: { packBytes: 64 * 1024 * 1024, fileBytes: 1024 * 1024 },
  };
  const http = createServer((request, response) => {
    respond(request, response).catch((error) => {
      failures.push(error);
      http.emit('failure');
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, body } = await route(request, response);
    response.writeHead(status, headers);
    if (body instanceof Readable) await pipeline(body, response).catch(unlessClientLeft);
    else response.end(body);
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const path = new URL(request.url ?? '', 'http://localhost');
    const [, name = '', what] = /^\/(\w+)\.git\/(.*)$/.exec(path.pathname) ?? [];
    const repository = await repositories.open(name);
    const header = (key: string) => request.headers[key] as string | undefined;
    const gitProtocol = header('git-protocol');
    const left = new AbortController();
    response.once('close', () => left.abort());
    const { visible } = rules;
    const common = {
      body: request,
      contentType: header('content-type'),
      contentEncoding: header('content-encoding'),
      gitProtocol,
      git,
      caches,
      visible,
      visibility: visible.toString(),
      signal: left.signal,
    };
    if (what === 'git-upload-pack') return uploadPack(repository, common);
    if (what === 'git-receive-pack')
      return receivePack(repository, {
        ...common,
        gate: rules.gate(repository),
        limits: rules.limits,
      });
    const service = path.searchParams.get('service');
    if (what === 'info/refs' && (service === 'git-upload-pack' || service === 'git-receive-pack'))
      return advertise(repository, { service, gitProtocol, visible });
    return { status: 404, headers: {}, body: '' };
  }

  const [lease = ''] = await readdir(join(root, '.workshop'));
  const workshop = join(root, '.workshop', lease);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const client: TestServer['client'] = async (args, { cwd = folder, env = {} } = {}) => {
    const { stdout, stderr } = await run('git', args, {
      cwd,
      env: { ...CLIENT, ...env },
      maxBuffer: 1 << 28,
    });
    return stdout + stderr;
  };
  return {
    url,
    folder,
    git,
    repositories,
    failures,
    async nextFailure() {
      await once(http, 'failure');
    },
    rules,
    client,
    async workingCopy(name) {
      const path = join(folder, `work-${name}-${Math.random().toString(36).slice(2)}`);
      await mkdir(path);
      await client(['init', '-q', '-b', 'main', path]);
      await client(['remote', 'add', 'origin', `${url}/${name}.git`], { cwd: path });
      return path;
    },
    leftovers: () => readdir(workshop, { recursive: true }),
    untilLeftovers: (holds) => untilChanged(workshop, async () => holds(await readdir(workshop))),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
      await repositories.close();
      await git.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Ignores the error if the client has stopped reading. A client may do this at any time. */
function unlessClientLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
}

const run = promisify(execFile);

/** The environment of clients is isolated from the developer's account: no configuration, no prompts, one author. */
const CLIENT = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'An Author',
  GIT_AUTHOR_EMAIL: 'author@example.org',
  GIT_COMMITTER_NAME: 'A Committer',
  GIT_COMMITTER_EMAIL: 'committer@example.org',
};
