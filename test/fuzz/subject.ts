/** The registry that is fuzzed: a process of its own with its default configuration, and one definition. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { createClient, type RegistryClient } from '../../client/typescript/client.ts';
import { registry, serve } from '../helpers/command.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';
import { fsckAll, git } from '../helpers/git.ts';
import { type DatabaseKind, measurement } from '../helpers/registry.ts';

const PASSWORD = 'a good password';

export interface Subject {
  url: string;
  client: RegistryClient;
  token: string;
  definition: number;
  /** The address of the definition's repository, and where it lies. */
  gitUrl: string;
  repository: string;
  head: string;
  /** An empty repository in which git judges packs. */
  judge: string;
  headers: Record<string, string>;
  /** What the workshops contain: empty unless a request runs or has left something. */
  workshop(): Promise<string[]>;
  /** Refs and the names of all objects. */
  state(): Promise<string>;
  /** The log's lines about faults of the registry itself. */
  faults(): string[];
  /** Stops the registry and checks all data. Returns the exit codes of the registry and of fsck, and what they printed. */
  end(): Promise<{ code: number | null; stderr: string; sound: number | null; stdout: string }>;
}

/** Starts the registry. If the test fails before `end`, its teardown kills the registry. */
export async function startSubject(t: Test, kind: DatabaseKind): Promise<Subject> {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'registry-fuzz-'));
  t.teardown(() => rm(DATA_DIR, { recursive: true, force: true }));
  const settings: Record<string, string> = { DATA_DIR, ADMIN_PASSWORD: PASSWORD };
  if (kind === 'PGlite') await putDatabase(DATA_DIR);
  else settings.DATABASE_URL = (await freshDatabase(true)).databaseUrl;
  const server = await serve(settings, { first: true });
  const { url } = server;
  const { token: session } = await createClient({ url }).login('admin', PASSWORD);
  const client = createClient({ url, token: session });
  const lab = await client.labs.create({ name: 'Nano', code: 'nano' });
  const { id } = await client.definitions.create({
    name: 'Fuzzed',
    source_code: measurement('Fuzzed'),
    lab_id: lab.id,
  });
  const { token } = await client.tokens.create({ name: 'fuzz', scope: 'write' });
  const repository = join(DATA_DIR, 'repos', 'Fuzzed.git');
  t.teardown(async () => {
    server.signal('SIGKILL');
    await server.ended;
  });
  const judge = join(DATA_DIR, 'judge.git');
  await git(['init', '-q', '--bare', judge]);
  return {
    url,
    client,
    token,
    definition: id,
    gitUrl: `${url}/definitions/Fuzzed.git`,
    repository,
    head: (await git(['rev-parse', 'main'], { cwd: repository })).trim(),
    judge,
    headers: { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
    async workshop() {
      const paths = await readdir(join(DATA_DIR, 'repos', '.workshop'), { recursive: true });
      return paths.filter((path) => path.includes('/'));
    },
    async state() {
      const refs = await readFile(join(repository, 'packed-refs'), 'utf8');
      const names = await readdir(join(repository, 'objects'), { recursive: true });
      return `${refs}${names.filter((name) => !/^[0-9a-f]{2}$/.test(name)).sort()}`;
    },
    async end() {
      server.signal('SIGTERM');
      const { code, stderr } = await server.ended;
      const { code: sound, stdout } = await registry(['fsck'], settings);
      await fsckAll(join(DATA_DIR, 'repos'));
      return { code, stderr, sound, stdout };
    },
    faults: () =>
      server
        .output()
        .split('\n')
        .filter((line) => /"level":(50|60)/.test(line)),
  };
}
