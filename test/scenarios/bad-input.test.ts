/**
 * Sends bad input to every operation of the API document. The answer must be a problem document or a legitimate
 * success, and nothing may change. The test also covers new routes, because it reads the document.
 */
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';
import { type Operation, operationsOf } from './openapi.ts';

t.setTimeout(240_000);
let lab: TestLab;
let operations: Operation[];
let definitionId: number;
t.before(async () => {
  lab = await startLab(t);
  const made = await lab.ada.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  definitionId = made.id;
  await lab.ada.client.definitions.change(made.id, { category: 'Meters' });
  operations = await operationsOf(lab.url);
});

interface Answer {
  status: number;
  type: string;
  body: string;
}

/** Sends with node:http, because `fetch` normalizes paths and refuses a body with GET. */
function send(
  method: string,
  path: string,
  body: string | Buffer = '',
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { hostname, port } = new URL(lab.url);
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        hostname,
        port,
        path,
        method,
        headers: {
          authorization: `Bearer ${lab.admin.token}`,
          ...(body.length > 0 && { 'content-type': 'application/json' }),
          'content-length': String(Buffer.byteLength(body)),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        const status = response.statusCode ?? 0;
        const type = response.headers['content-type'] ?? '';
        response.on('end', () => resolve({ status, type, body: text }));
        if (!type.startsWith('text/event-stream')) return;
        // The event stream ends when its reader disconnects, so its body is resolved here.
        resolve({ status, type, body: text });
        response.destroy();
      },
    );
    asked.on('error', reject).end(body);
  });
}

/** The reason why an answer is wrong: it must be a 4xx with a problem document, or a success if `mayWork`. */
function faultOf({ status, type, body }: Answer, mayWork: boolean): string | undefined {
  if (status >= 200 && status < 300) return mayWork ? undefined : `${status}, though it is wrong`;
  if (status < 400 || status >= 500) return `${status}: ${body.slice(0, 300)}`;
  if (!type.startsWith('application/problem+json')) return `${status} as ${type}`;
  const problem = JSON.parse(body) as Record<string, unknown>;
  const whole =
    typeof problem.type === 'string' &&
    typeof problem.title === 'string' &&
    typeof problem.detail === 'string' &&
    problem.status === status;
  return whole ? undefined : `not a whole problem document: ${body.slice(0, 300)}`;
}

/** A request that must be refused. With `mayWork` the request may also be valid by chance. */
interface Trial {
  what: string;
  method: string;
  path: string;
  body?: string | Buffer;
  headers?: Record<string, string>;
  mayWork?: boolean;
}

/** All data that must not change: definitions, versions, accounts, labs and members. */
async function everything() {
  const { definitions, labs, users } = lab.admin.client;
  const { items } = await definitions.list();
  return {
    items,
    versions: await Promise.all(items.map(({ id }) => definitions.versions(id))),
    labs: (await labs.list()).items,
    members: (await labs.members(lab.nano.id)).items,
    users: (await users.list()).items,
  };
}

/** Asserts that all trials are refused, that the server still works, and that nothing has changed. */
async function areRefused(t: Test, trials: Trial[]): Promise<void> {
  t.ok(trials.length > 0);
  const before = await everything();
  const faults: string[] = [];
  for (const { what, method, path, body, headers, mayWork = false } of trials) {
    const fault = faultOf(await send(method, path, body, headers), mayWork);
    if (fault !== undefined) faults.push(`${method} ${path.slice(0, 80)}, ${what}: ${fault}`);
  }
  t.same(faults, []);
  t.same(await everything(), before, 'nothing has changed');
  t.equal((await send('GET', '/readyz')).status, 200);
}

/** The path with the ids of existing things, except where `replace` gives other ones. */
function pathOf({ path }: Operation, replace: Record<string, string> = {}): string {
  const known: Record<string, string> = {
    id: String(path.includes('/labs/') ? lab.nano.id : definitionId),
    user_id: String(lab.ben.id),
    name: 'Meter',
    n: '1',
  };
  return path.replace(/\{(\w+)\}/g, (_, name: string) => replace[name] ?? known[name] ?? '1');
}

const withBody = () => operations.filter(({ body }) => body !== undefined);
const DEEP = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;

t.test('a body that is not a JSON object of the right kind', async (t) => {
  const bodies: Record<string, string | Buffer> = {
    nothing: '',
    'an array': '[]',
    'a string': '"text"',
    null: 'null',
    'a number': '1',
    'broken JSON': '{"name": ',
    'two values': '{} {}',
    'a prototype': '{"__proto__": {"is_admin": true}}',
    'deep nesting': DEEP,
    'deep arrays': '['.repeat(100_000),
    'bytes that are not UTF-8': Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
    'a NUL': '\0',
    '10 MB': JSON.stringify({ name: 'x'.repeat(10 * 1024 * 1024) }),
  };
  await areRefused(
    t,
    withBody().flatMap((operation) =>
      Object.entries(bodies).map(([what, body]) => ({
        what,
        method: operation.method,
        path: pathOf(operation),
        body,
      })),
    ),
  );
});

/**
 * The flaws: invalid UTF-8 was stored as U+FFFD, so source code in Latin-1 lost its umlauts. `1e400` in an instrument's
 * specifications was stored as null. Thousands of nested levels gave a 500. If a property was duplicate, the last one
 * was silently used.
 */
t.test('JSON that cannot be stored exactly', async (t) => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const faults: string[] = [];
  const expect = async (
    operation: Operation,
    body: string | Buffer,
    status: number,
    why: RegExp,
  ) => {
    const answer = await send(operation.method, pathOf(operation, { id: '999999' }), body);
    if (answer.status === status && why.test(answer.body)) return;
    faults.push(
      `${operation.method} ${operation.path} ${String(body).slice(0, 40)}: ${answer.body}`,
    );
  };
  for (const operation of withBody()) {
    for (const field of operation.fields) {
      const latin1 = Buffer.from(`{"${field}": "caf\u00e9"}`, 'latin1');
      await expect(operation, latin1, 400, /not UTF-8/);
      await expect(operation, `{"${field}": {"a": [1e400]}}`, 422, /too large to store/);
      await expect(operation, `{"${field}": ${nested(101)}}`, 422, /nested deeper than 100/);
      const escaped = `\\u${field.charCodeAt(0).toString(16).padStart(4, '0')}${field.slice(1)}`;
      const twice = `{"${field}": [{"x": "a\\"", "y": {}}], "${escaped}": null}`;
      await expect(operation, twice, 422, new RegExp(`"${field} is given twice`));
      const inner = `{"${field}": [{"x": "{\\"x\\":"}, {"x": ["x"], "y": 1, "x" : 2}]}`;
      await expect(operation, inner, 422, new RegExp(`"${field}.1.x is given twice`));
    }
  }
  t.same(faults, []);
  const { instruments } = lab.ada.client;
  const specifications = { a: JSON.parse(nested(99)), b: 1e308, c: '\u00e9' };
  const made = await instruments.create({ name: 'Deep', lab_id: lab.nano.id, specifications });
  t.same(
    (await instruments.read(made.id)).specifications,
    specifications,
    'values within the limits are stored',
  );
  await instruments.remove(made.id);
});

t.test('a body of another content type', async (t) => {
  const types = [
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'x',
    'application/json; charset=utf-16',
  ];
  await areRefused(
    t,
    withBody().flatMap((operation) =>
      types.map((type) => ({
        what: type,
        method: operation.method,
        path: pathOf(operation),
        body: '{"a" "b"}',
        headers: { 'content-type': type },
      })),
    ),
  );
});

/** Values that no operation of the API accepts in place of a value of another type. */
const VALUES: unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  '',
  'NaN',
  'a\0b',
  '\u202egnirts',
  '\u{1F52C}'.repeat(1000),
  '../../etc/passwd',
  'x'.repeat(100_000),
  [],
  [[]],
  [null],
  {},
  { a: { b: null } },
];
/** JSON with lone surrogates, which UTF-8 cannot represent, and numbers that are not finite or change when stored. */
const RAW = ['"\\ud800"', '"a\\udfffb"', '["\\ud800"]', '{"\\ud800":"\\udc00"}', '1e999', '-0'];

t.test('each field of each body with each kind of wrong value, without the others', async (t) => {
  // The next test covers definitions.
  const others = withBody().filter(({ fields }) => !fields.includes('display_name'));
  const trials = others.flatMap((operation) =>
    operation.fields.flatMap((field) =>
      [...VALUES.map((value) => JSON.stringify(value)), ...RAW].map((value) => ({
        what: `${field} = ${value.slice(0, 40)}`,
        method: operation.method,
        // The thing does not exist, so that a value that is valid by chance changes nothing.
        path: pathOf(operation, { id: '999999' }),
        body: `{${JSON.stringify(field)}: ${value}}`,
        mayWork: operation.path.endsWith('/validate'),
      })),
    ),
  );
  await areRefused(t, trials);
});

t.test('a definition saved with odd values in one field', async (t) => {
  const create = operations.find(
    ({ method, path }) => method === 'POST' && path === '/api/instrument-definitions',
  );
  const change = operations.find(
    ({ method, path }) => method === 'PUT' && path === '/api/instrument-definitions/{id}',
  );
  const trials: Trial[] = [];
  for (const operation of [create, change]) {
    for (const field of operation?.fields ?? []) {
      for (const value of [...VALUES.map((value) => JSON.stringify(value)), ...RAW]) {
        // If the body is valid by chance, it is still refused because its class is missing.
        const good = { name: 'Other', source_code: 'class Nothing: pass\n' };
        const rest = Object.entries(good).filter(([key]) => key !== field);
        const fields = [
          ...rest.map(([k, v]) => `"${k}": ${JSON.stringify(v)}`),
          `"${field}": ${value}`,
        ];
        trials.push({
          what: `${field} = ${value.slice(0, 40)}`,
          method: operation?.method ?? '',
          path: pathOf(operation as Operation),
          body: `{${fields.join(', ')}}`,
        });
      }
    }
  }
  await areRefused(t, trials);
});

t.test('files with paths that are not allowed in a definition', async (t) => {
  const paths = [
    '',
    '.',
    '..',
    '/etc/passwd',
    '../x.py',
    'a/../b.py',
    'a//b.py',
    'a\\b.py',
    'C:x',
    '.git/config',
    '.GIT/hooks/x',
    'git~1',
    'sub/.git',
    'nul',
    'aux.py',
    'x.',
    'x ',
    'a\0b',
    'a\nb',
    'a:b',
    '\\ud800',
    `${'d/'.repeat(200)}x`,
    'x'.repeat(300),
    '__proto__/../x',
  ];
  await areRefused(
    t,
    paths.map((path) => ({
      what: JSON.stringify(path),
      method: 'PUT',
      path: `/api/instrument-definitions/${definitionId}`,
      body: JSON.stringify({ files: { [path]: 'x' } }).replace('\\\\ud800', '\\ud800'),
    })),
  );
});

t.test('invalid ids and names in paths', async (t) => {
  const values = [
    '0',
    '-1',
    '1.5',
    'NaN',
    'Infinity',
    '1e3',
    '99999999999999999999',
    '2147483648',
    'abc',
    '%00',
    '%20',
    '..',
    '%2e%2e',
    '..%2f..%2fetc',
    '%ff',
    '%',
    '%zz',
    '%F0%9F%94%AC',
    'null',
    '[]',
    '1;drop',
    "'",
    'x'.repeat(5000),
  ];
  const trials = operations
    .filter(({ parameters }) => parameters.length > 0)
    .flatMap((operation) =>
      operation.parameters.flatMap((parameter) =>
        values.map((value) => ({
          what: parameter,
          method: operation.method,
          path: pathOf(operation, { [parameter]: value }),
          ...(operation.body !== undefined && { body: '{}' }),
        })),
      ),
    );
  await areRefused(t, trials);
});

t.test('query parameters with wrong, duplicate and unknown values', async (t) => {
  const wrong = [
    '',
    'x'.repeat(5000),
    '-1',
    '1.5',
    'NaN',
    '99999999999999999999',
    '%00',
    '%ff',
    '%',
    'a%00b',
    "'%20or%201=1",
    '%E2%80%AE',
    '[]',
    '%25%5F',
    '\\',
  ];
  const reads = operations.filter(({ method }) => method === 'GET');
  await areRefused(
    t,
    reads.flatMap((operation) =>
      [...operation.query, 'unknown'].flatMap((name) =>
        [...wrong.map((value) => `${name}=${value}`), `${name}=1&${name}=2`, `${name}[a]=1`].map(
          (query) => ({
            what: query.slice(0, 40),
            method: 'GET',
            path: `${pathOf(operation)}?${query}`,
            mayWork: true,
          }),
        ),
      ),
    ),
  );
});

t.test('invalid headers', async (t) => {
  const list = '/api/instrument-definitions';
  const headers: Record<string, string>[] = [
    { authorization: 'Bearer' },
    { authorization: 'Bearer x y' },
    { authorization: `Bearer ${'x'.repeat(10_000)}` },
    { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.' },
    { authorization: 'Basic eDp5' },
    { authorization: '\u00ff' },
  ];
  await areRefused(
    t,
    headers.map((headers) => ({ what: 'authorization', method: 'GET', path: list, headers })),
  );
  const trials = [
    { accept: 'x' },
    { accept: '*/*;q=x' },
    { cookie: 'registry_session' },
    { cookie: '%=%' },
  ];
  await areRefused(
    t,
    trials.map((headers) => ({
      what: 'others',
      method: 'GET',
      path: list,
      headers,
      mayWork: true,
    })),
  );
});

t.test('unknown methods and paths', async (t) => {
  const paths = [
    '/api',
    '/api/',
    '/api/nothing',
    '/api/%zz',
    '/%',
    '/..',
    '//',
    '/api/../api/users/x/y',
    '/api/instrument-definitions/1/nothing',
  ];
  await areRefused(
    t,
    paths.flatMap((path) =>
      ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'].map((method) => ({
        what: 'path',
        method,
        path,
        ...(['POST', 'PUT', 'PATCH'].includes(method) && { body: '{}' }),
      })),
    ),
  );
});

t.test('malformed HTTP requests', async (t) => {
  const { hostname, port } = new URL(lab.url);
  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = '';
      connect(Number(port), hostname, function (this: Socket) {
        this.write(text);
      })
        .setEncoding('utf8')
        .on('data', (chunk) => {
          answer += chunk;
        })
        .on('error', reject)
        .on('close', () => resolve(answer));
    });
  for (const [status, text] of [
    [431, `GET /healthz?${'x'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
    [431, `GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`],
    [400, 'GET /healthz NOTHTTP\r\n\r\n'],
    [400, 'POST /api/labs HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n'],
  ] as const) {
    const [head = '', body = ''] = (await raw(text)).split('\r\n\r\n');
    t.match(head, new RegExp(`^HTTP/1.1 ${status} `));
    const type = /content-type: (\S+)/.exec(head)?.[1] ?? '';
    t.equal(faultOf({ status, type, body }, false), undefined, text.slice(0, 40));
  }
});
