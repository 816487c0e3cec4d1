/**
 * The files of docs/examples work: systemd accepts the unit, and a registry behind nginx with the example serves git,
 * events without delay, and knows the address of the client. Without nginx or systemd, only the settings are compared.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { loadConfig } from '../../registry/config.ts';
import { startNginx } from '../helpers/balancer.ts';
import { git } from '../helpers/git.ts';
import { isThere } from '../helpers/is-there.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(120_000);
const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const example = (name: string) => readFile(join(ROOT, 'docs', 'examples', name), 'utf8');

/** A folder whose path has no space: systemd would not accept one without quotes. */
async function plainFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'example-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

t.test('systemd accepts the unit', async (t) => {
  const unit = await example('registry.service');
  for (const line of [
    /^ExecStart=\S+node registry\/main\.js serve$/m,
    /^LimitNOFILE=\d{4,}$/m,
    /^KillSignal=SIGTERM$/m,
    /^TimeoutStopSec=40$/m,
    /^RestartPreventExitStatus=2 3$/m,
    /^ReadWritePaths=\/srv\/registry$/m,
    /^Environment=DATA_DIR=\/srv\/registry$/m,
  ]) {
    t.match(unit, line);
  }
  if (!(await isThere('systemd-analyze', '--version'))) return;
  const folder = await plainFolder(t);
  const path = join(folder, 'registry.service');
  await symlink(ROOT, join(folder, 'registry'));
  // systemd looks for the program and the account.
  const here = unit
    .replaceAll('/opt/registry', join(folder, 'registry'))
    .replace(/^(User|Group)=.*\n/gm, '');
  await writeFile(path, here);
  const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', path]);
  const about = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.includes('registry.service'));
  t.same(about, []);
});

interface Service {
  command: string;
  environment: Record<string, string>;
}

t.test('the directives of nginx are what the registry needs', async (t) => {
  const text = await example('nginx.conf');
  for (const [what, count] of [
    ['proxy_set_header X-Forwarded-For $remote_addr;', 1],
    ['proxy_set_header X-Forwarded-Proto $scheme;', 1],
    ['proxy_buffering off;', 1],
    ['proxy_read_timeout 1h;', 1],
    ['proxy_request_buffering off;', 1],
    ['$upstream_http_x_request_id', 1],
  ] as const) {
    t.equal(text.split(what).length - 1, count, what);
  }
  const [, size] = /client_max_body_size (\d+)m;/.exec(text) ?? [];
  t.ok(Number(size) > 64, 'larger than MAX_PACK_BYTES');
});

const skip = (await isThere('nginx', '-v')) ? false : 'nginx is not installed';

t.test(
  'the processes in compose.yml have settings of the registry and the ports of nginx',
  async (t) => {
    const compose = await example('compose.yml');
    const { services } = parse(compose, { merge: true }) as { services: Record<string, Service> };
    const processes = Object.entries(services).filter(([name]) => name.startsWith('registry-'));
    const unit = await example('registry.service');
    const [, program] = /^ExecStart=\/opt\/registry\/(.+)$/m.exec(unit) ?? [];
    const nginx = [...(await example('nginx.conf')).matchAll(/^ {4}server 127\.0\.0\.1:(\d+) /gm)];
    t.same(
      processes.map(([, { environment }]) => environment.PORT),
      nginx.map(([, port]) => port),
    );
    for (const [name, { command, environment }] of processes) {
      t.equal(command, program, `${name}: the same program as in the unit`);
      const wanted = { ...environment, PORT: Number(environment.PORT) };
      t.match(loadConfig(environment), wanted, `${name}: settings of the registry`);
    }
  },
);

t.test('a registry behind nginx', { skip }, async (t) => {
  const lab = await startLab(t, { environment: { TRUSTED_PROXIES: '127.0.0.1' } });
  const { url, folder } = await startNginx(t, [new URL(lab.url).host]);

  const forged = { authorization: `Bearer ${lab.ada.token}`, 'x-forwarded-for': '198.51.100.9' };
  const stream = await fetch(`${url}/api/events`, { headers: forged });
  const reader = (stream.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream());
  const created = await fetch(`${url}/api/instrument-definitions`, {
    method: 'POST',
    headers: { ...forged, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Meter', source_code: measurement('Meter') }),
  });
  t.equal(created.status, 201);
  let received = '';
  for await (const chunk of reader) {
    received += chunk;
    if (received.includes('event: definition.landed')) break;
  }
  t.pass('the event arrives while the stream is open');
  const [entry] = (await lab.admin.client.audit({ actor: 'ada', per_page: 1 })).items;
  t.equal(entry?.address, '127.0.0.1', 'nobody can forge an address');

  const clone = join(folder, 'clone');
  await git([
    'clone',
    '-q',
    `${url.replace('//', `//x:${lab.ada.token}@`)}/definitions/Meter.git`,
    clone,
  ]);
  await writeFile(join(clone, 'Meter.py'), measurement('Meter', 2));
  await git(['commit', '-qam', 'Measure more'], { cwd: clone });
  await git(['push', '-q'], { cwd: clone });
  t.equal((await fetch(`${url}/metrics`)).status, 404);

  const log = await readFile(join(folder, 'registry.log'), 'utf8');
  const id = created.headers.get('x-request-id');
  t.match(log, `request_id=${id}`, 'the log of nginx has the id of the request');
});
