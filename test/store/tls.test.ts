/** The parameters of DATABASE_URL apply: with `sslmode`, the connection is encrypted and the certificate is checked. */
import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { openStore } from '../../registry/store/open.ts';
import { startPostgres } from '../helpers/postgres-server.ts';

t.setTimeout(240_000);

const folder = await mkdtemp(join(tmpdir(), 'tls-'));
const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
await promisify(execFile)('openssl', [
  ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=database'],
  ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate],
]);
// PostgreSQL requires that its key belongs to its own account, which is `nobody` if root runs the tests. Another test of
// the process may have set a umask that lets only the owner read new files.
await chmod(folder, 0o755);
await chmod(certificate, 0o644);
if (process.getuid?.() === 0) await chown(key, 65534, 65534);
const server = await startPostgres({
  more: { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key },
});
t.teardown(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** Pg does not compare a certificate with an address, but only with a name. */
const byName = server.url('postgres').replace('127.0.0.1', 'localhost');

const isEncrypted = async (parameters: string): Promise<boolean | undefined> => {
  const store = await openStore({ databaseUrl: byName + parameters, process: 'x' });
  try {
    const [row] = await store
      .em()
      .execute<{ ssl: boolean; name: string }[]>(
        'select ssl, application_name as name from pg_stat_ssl join pg_stat_activity using (pid) where pid = pg_backend_pid()',
      );
    t.equal(row?.name, 'registry x', 'other processes know the session by this name');
    return row?.ssl;
  } finally {
    await store.close();
  }
};

t.test('the connection is encrypted if the address says so', async (t) => {
  t.equal(await isEncrypted(`?sslmode=verify-full&sslrootcert=${certificate}`), true);
  t.equal(await isEncrypted('?sslmode=no-verify&application_name=other'), true);
  t.equal(await isEncrypted(''), false);
});

t.test('a certificate that is not trusted is refused', async (t) => {
  const unavailable = { code: 'database_unavailable' } as unknown as Error;
  await t.rejects(isEncrypted('?sslmode=verify-full'), unavailable);
});
