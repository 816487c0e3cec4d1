/**
 * Schemathesis generates valid and invalid requests from the API document, and compares every response with it. The
 * report of Schemathesis says how to repeat a failure.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { startLab } from '../helpers/lab.ts';
import { pythonWith, SCHEMATHESIS } from '../helpers/python.ts';
import { type DatabaseKind, measurement } from '../helpers/registry.ts';

const CHECKS = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_headers_conformance', 'response_schema_conformance', 'negative_data_rejection'],
];
/**
 * Operations that are left out, because they end the caller's session or account, count failed sign-ins, redirect to
 * another server, or never end.
 */
const LEFT_OUT = [
  ...['signIn', 'signOut', 'changeUser', 'removeUser', 'deleteToken', 'readEvents'],
  ...['startSingleSignOn', 'finishSingleSignOn'],
];
const CONFIG = `[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 431]
`;

/** Runs Schemathesis for this long on a new registry. The test fails if it finds a fault. */
export async function schemathesis(
  t: Test,
  {
    seconds,
    phases,
    seed,
    kind,
  }: { seconds: number; phases: string; seed: number; kind?: DatabaseKind },
): Promise<void> {
  const python = await pythonWith(SCHEMATHESIS);
  const { url, admin, ada } = await startLab(t, kind ? { database: kind } : {});
  await ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  const folder = await mkdtemp(join(tmpdir(), 'schemathesis-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'schemathesis.toml');
  await writeFile(config, CONFIG);
  const args = [
    ...['--config-file', config, 'run', `${url}/openapi.json`, '--no-color'],
    ...['-H', `Authorization: Bearer ${admin.token}`, '--checks', CHECKS.join(',')],
    ...['--phases', phases, '--max-time', String(seconds), '--seed', String(seed)],
    '--continue-on-failure',
    ...LEFT_OUT.flatMap((id) => ['--exclude-operation-id', id]),
  ];
  const program = join(dirname(python), 'schemathesis');
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let report = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      report += text;
    });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  t.equal(code, 0, 'nothing was found', { report });
  t.match(report, /[1-9]\d* generated/, 'requests were made', { report });
}
