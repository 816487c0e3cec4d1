/**
 * Who can read the metrics. With METRICS_TOKEN, every caller with the token can read the metrics. Without
 * METRICS_TOKEN, only callers on this machine can, and never through a proxy.
 */
import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { CACHE_SHARES } from '../../registry/cache-shares.ts';
import { demandReader } from '../../registry/plugins/metrics.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

t.test('with METRICS_TOKEN every request needs the token', async (t) => {
  const METRICS_TOKEN = 'scrape-0123456789';
  const { url, admin } = await startRegistry(t, { environment: { METRICS_TOKEN } });
  const ask = (authorization?: string) =>
    fetch(`${url}/metrics`, { headers: { ...(authorization && { authorization }) } });
  const answer = await ask(`Bearer ${METRICS_TOKEN}`);
  t.equal(answer.status, 200);
  t.match(await answer.text(), /process_cpu_user_seconds_total/);
  for (const wrong of [
    undefined,
    'Bearer ',
    'Bearer scrape',
    `Basic ${METRICS_TOKEN}`,
    `Bearer ${admin.token}`,
  ]) {
    const refused = await ask(wrong);
    t.equal(refused.status, 401, wrong ?? 'nothing');
    t.match(refused.headers.get('content-type'), /problem\+json/);
  }
});

t.test(
  'each cache shows its bytes and its lookups, and all together stay within CACHE_BYTES',
  async (t) => {
    const CACHE_BYTES = String(1024 * 1024);
    const { url, admin } = await startRegistry(t, { environment: { CACHE_BYTES } });
    const { id } = await admin.client.definitions.create({
      name: 'Counted',
      source_code: measurement('Counted'),
    });
    const figures = async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return (name: string, labels: string) =>
        Number(new RegExp(`^${name}{${labels}} (\\d+)$`, 'm').exec(text)?.[1]);
    };
    const before = await figures();
    await admin.client.definitions.versions(id);
    const after = await figures();
    const hits = 'cache="objects",outcome="hit"';
    t.ok(after('cache_lookups_total', hits) > before('cache_lookups_total', hits));
    t.ok(after('cache_entries', 'cache="objects"') > 0);
    const bytes = Object.keys(CACHE_SHARES).map((name) => after('cache_bytes', `cache="${name}"`));
    t.ok(bytes.every((one) => one >= 0));
    t.ok(bytes.reduce((sum, one) => sum + one) <= Number(CACHE_BYTES));
  },
);

t.test('without METRICS_TOKEN only this machine may read, and no proxied request', async (t) => {
  const { url } = await startRegistry(t);
  t.equal((await fetch(`${url}/metrics`)).status, 200);
  for (const name of [
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Original-Forwarded-For',
    'X-Envoy-External-Address',
    'X-Cluster-Client-IP',
    'Fastly-Client-IP',
    'CF-Connecting-IP',
    'CF-Ray',
    'Forwarded',
    'X-Real-IP',
    'Via',
  ]) {
    t.equal(
      (await fetch(`${url}/metrics`, { headers: { [name]: '127.0.0.1' } })).status,
      403,
      name,
    );
  }
});

/**
 * Some proxies add no header, but they keep the requested host name. A web page whose own host name resolves to this
 * machine also keeps that name (DNS rebinding).
 */
t.test('a request counts as local only with a host name of this machine', async (t) => {
  for (const host of ['127.0.0.1:8080', 'localhost', 'LOCALHOST:8080', '[::1]:8080', '127.0.1.1']) {
    t.doesNotThrow(() => demandReader('127.0.0.1', { host }, undefined), host);
  }
  for (const host of [
    'registry.lab.example',
    'localhost.evil.example',
    '10.0.0.5:8080',
    '',
    undefined,
  ]) {
    const headers = host === undefined ? {} : { host };
    t.throws(() => demandReader('127.0.0.1', headers, undefined), { code: 'forbidden' }, `${host}`);
  }
});

t.test('a request counts as local only from an address of this machine', async (t) => {
  const own = { host: 'localhost' };
  for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) {
    t.doesNotThrow(() => demandReader(address, own, undefined), address);
  }
  for (const address of [
    '10.0.0.5',
    '128.0.0.1',
    '::ffff:10.0.0.5',
    'fe80::1',
    '127.0.0.1.example',
    undefined,
  ]) {
    t.throws(() => demandReader(address, own, undefined), { code: 'forbidden' }, `${address}`);
  }
});

/** The rules of docs/examples/alerts.yml. */
async function alerts(): Promise<{ alert: string; expr: string }[]> {
  const path = join(import.meta.dirname, '..', '..', 'docs', 'examples', 'alerts.yml');
  const { groups } = parse(await readFile(path, 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** In the rules, every name before `{` is that of a metric, and every metric has labels. */
const metricsIn = (expr: string): string[] =>
  [...expr.matchAll(/(\w+)\{/g)].map(([, name = '']) => name);

t.test(
  'the metrics count runs of git, unfinished changes, open streams, and computers',
  async (t) => {
    const { url, admin, deps, dataDir } = await startRegistry(t);
    const all = await (await fetch(`${url}/metrics`)).text();
    const kinds = new Map(
      [...all.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]),
    );
    for (const { alert, expr } of await alerts()) {
      for (const name of metricsIn(expr)) {
        const whole = name.replace(/_(bucket|count|sum)$/, '');
        const isThere = name === 'up' || kinds.has(name) || kinds.get(whole) === 'histogram';
        t.ok(isThere, `${alert} asks for ${name}`);
      }
    }

    const figure = async (name: string) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
    };
    const runs = await figure('git_runs_total');
    await deps.git.run({ args: ['version'] });
    t.equal(await figure('git_runs_total'), runs + 1);
    t.equal(await figure('git_runs_open'), 0);

    t.equal(await figure('changes_open'), 0);
    t.equal(await figure('changes_oldest_seconds'), 0);
    const entry = join(dataDir, 'journal', 'Meter~left');
    await writeFile(entry, '');
    const hourAgo = Date.now() / 1000 - 3600;
    await utimes(entry, hourAgo, hourAgo);
    t.ok(Math.abs((await figure('changes_oldest_seconds')) - 3600) < 60);
    t.equal(await figure('changes_open'), 1);
    t.equal(await figure('repairs_total{outcome="failed"}'), 0);
    await rm(entry);

    t.equal(await figure('event_streams'), 0);
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${admin.token}` };
    await fetch(`${url}/api/events`, { headers, signal: gone.signal });
    t.equal(await figure('event_streams'), 1);
    gone.abort();

    const { id } = await admin.client.labs.create({ name: 'Optics', code: 'optics' });
    for (const computer_name of ['here', 'yesterday', 'gone']) {
      const { code } = await admin.client.computers.createCode(id);
      await admin.client.computers.enrol({ code, computer_name });
    }
    await deps.store.em().execute(
      `update computers set last_seen = now() - case computer_name when 'here' then interval '0'
       when 'yesterday' then interval '1 day' else interval '8 days' end`,
    );
    for (const seen of ['last_hour', 'last_week', 'silent']) {
      t.equal(await figure(`computers{seen="${seen}"}`), 1, seen);
    }
  },
);
