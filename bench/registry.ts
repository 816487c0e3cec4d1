/** Runs a registry in this process, with an HTTP client of low overhead. */
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../registry/app.ts';
import { loadConfig } from '../registry/config.ts';
import { type Deps, openDeps } from '../registry/open.ts';
import { OPERATOR } from '../registry/services/caller.ts';
import { insertToken } from '../registry/services/people/tokens.ts';
import { createUser } from '../registry/services/people/users.ts';
import { putDatabase } from '../test/helpers/embedded-folders.ts';

export interface BenchRegistry {
  deps: Deps;
  url: string;
  /** The token of a site admin. */
  token: string;
  /** Returns the body of the answer. Throws unless the status is 2xx. */
  ask(method: string, path: string, body?: object): Promise<string>;
  /** Stops the registry and deletes its folder. */
  close(): Promise<void>;
}

/** Starts a registry in a new temporary folder. */
export async function startRegistry(databaseUrl?: string): Promise<BenchRegistry> {
  const dataDir = await mkdtemp(join(tmpdir(), 'registry-bench-'));
  if (databaseUrl === undefined) await putDatabase(dataDir);
  const config = loadConfig({ DATA_DIR: dataDir, DATABASE_URL: databaseUrl });
  let url = '';
  const deps = await openDeps(config, () => url);
  const app = await createApp(
    { ...deps, jwtSecret: 'x'.repeat(32), version: 'bench', isReady: () => true },
    { level: 'error', stream: process.stderr },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const user = await createUser(deps, OPERATOR, {
    username: 'bench',
    password: 'measured in turn',
    name: 'Bench',
    email: 'bench@lab.example',
    is_admin: true,
  });
  const { token } = await insertToken(deps, OPERATOR, user.id, { name: 'bench', scope: 'admin' });
  const agent = new Agent({ keepAlive: true });
  return {
    deps,
    url,
    token,
    ask: (method, path, body) => ask(agent, `${url}${path}`, { method, token, body }),
    async close() {
      agent.destroy();
      await app.close();
      await deps.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function ask(
  agent: Agent,
  url: string,
  options: { method: string; token?: string; body?: object | undefined },
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sent = request(url, {
    agent,
    method: options.method,
    headers: {
      ...(options.token && { authorization: `Bearer ${options.token}` }),
      ...(options.body && { 'content-type': 'application/json' }),
    },
  });
  sent.on('error', reject);
  sent.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve(text);
      else reject(new Error(`${options.method} ${url}: ${status} ${text}`));
    });
  });
  sent.end(options.body && JSON.stringify(options.body));
  return await promise;
}
