/** Every response has headers that restrict what the browser may do with it. */
import t from 'tap';
import { startLab } from '../helpers/lab.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

t.test('every kind of response has each security header once', async (t) => {
  const lab = await startLab(t);
  const { id } = await lab.ada.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  const one = `/api/instrument-definitions/${id}`;
  const refs = '/definitions/Meter.git/info/refs?service=git-upload-pack';
  const basic = `Basic ${Buffer.from(`git:${lab.ada.token}`).toString('base64')}`;
  const asked: [what: string, path: string, status: number, init?: RequestInit][] = [
    ['JSON', one, 200],
    ['a list', '/api/labs', 200],
    ['a file', `${one}/source`, 200],
    ['a zip', `${one}/snapshot`, 200],
    ['lines', '/api/audit', 200, { headers: { accept: 'application/x-ndjson' } }],
    ['nothing', '/api/auth/logout', 204, { method: 'POST' }],
    ['a refusal', '/api/users', 403],
    ['no such thing', '/api/labs/999', 404],
    ['no such path', '/nowhere', 404],
    ['a path that cannot be decoded', '/%zz', 400],
    ['a body that is not JSON', '/api/tokens', 400, json('{')],
    ['a body that is too large', '/api/tokens', 413, json('x'.repeat(9 * 1024 * 1024))],
    ['git', refs, 200, { headers: { authorization: basic } }],
    ['git that must sign in', refs, 401, { headers: { authorization: '' } }],
    ['the dumb protocol', '/definitions/Meter.git/HEAD', 404],
    ['the interface', '/', 200],
    ['a script of the web interface', await scriptOf(lab.url), 200],
    ['a page that does not exist', '/nowhere', 404, { headers: { accept: 'text/html' } }],
    ['the API document', '/openapi.json', 200],
    ['its pages', '/docs', 200],
    ['a script of the API pages', '/docs/static/swagger-ui-bundle.js', 200],
    ['a missing file of the API pages', '/docs/nothing', 404],
    ['metrics', '/metrics', 200],
    ['health', '/healthz', 200],
  ];
  for (const [what, path, status, init] of asked) {
    const answer = await fetch(lab.url + path, {
      ...init,
      headers: { authorization: `Bearer ${lab.ada.token}`, ...init?.headers },
    });
    await answer.body?.cancel();
    t.equal(answer.status, status, what);
    for (const [name, value] of Object.entries(ALWAYS)) {
      t.equal(answer.headers.get(name), value, `${what}: ${name}`);
    }
    const policy = answer.headers.get('content-security-policy') ?? '';
    t.equal(policy.split("default-src 'none'").length, 2, `${what}: one policy`);
    t.equal(answer.headers.get('strict-transport-security'), null, `${what}: no https here`);
  }
});

const scriptOf = async (url: string): Promise<string> =>
  /<script [^>]*src="([^"]+)"/.exec(await (await fetch(url)).text())?.[1] ?? '';

const json = (body: string): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json' },
});

t.test('only scripts and styles of the registry run, and nobody can frame it', async (t) => {
  const { url } = await startRegistry(t);
  const policy = (await fetch(url)).headers.get('content-security-policy') ?? '';
  const directives = Object.fromEntries(
    policy.split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources.join(' ')];
    }),
  );
  t.equal(directives['default-src'], "'none'");
  t.equal(directives['script-src'], "'self' 'wasm-unsafe-eval'");
  t.equal(directives['style-src'], "'self'");
  t.equal(directives['frame-ancestors'], "'none'");
  t.equal(directives['base-uri'], "'none'");
  t.notMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/);
  t.notMatch(policy, /upgrade-insecure-requests/, 'labs without https could load nothing');
});

t.test('with https the registry sends HSTS', async (t) => {
  const { url } = await startRegistry(t, {
    environment: { PUBLIC_URL: 'https://registry.lab.example' },
  });
  for (const path of ['/healthz', '/%zz']) {
    const { headers } = await fetch(url + path);
    t.equal(headers.get('strict-transport-security'), 'max-age=31536000', path);
  }
});
