/** Problem codes. A page explains each code. The table in the source, the pages and the docs agree. */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { PROBLEMS } from '../../registry/errors.ts';
import type { ProblemDocument } from '../../registry/schemas/common.ts';
import { PROBLEMS_PAGE, problemsPage } from '../docs/problems.ts';
import { startRegistry } from '../helpers/registry.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const { url } = await startRegistry(t);
const open = (path: string, accept: string) => fetch(`${url}${path}`, { headers: { accept } });
const BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8';

t.test('the type of a problem document is the address of its explanation', async (t) => {
  const answer = await open('/api/nothing', '*/*');
  const problem = (await answer.json()) as ProblemDocument;
  const explanation = await open(problem.type, 'application/json');
  t.equal(explanation.status, 200);
  t.match(await explanation.json(), {
    type: problem.type,
    code: problem.code,
    status: problem.status,
    title: problem.title,
  });
});

t.test('every code is explained as a page and as JSON', async (t) => {
  for (const [code, kind] of Object.entries(PROBLEMS)) {
    const json = await open(`/problems/${code}`, 'application/json');
    t.same(await json.json(), { type: `/problems/${code}`, code, ...kind });
    const page = await open(`/problems/${code}`, BROWSER);
    t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
    const text = textOf(await page.text());
    for (const sentence of [kind.title, kind.what, kind.why, kind.next]) {
      t.ok(text.includes(sentence.replaceAll('`', '')), `${code}: ${sentence}`);
    }
  }
});

t.test('an unknown code is not found, for people and for programs', async (t) => {
  for (const code of ['nonsense', 'constructor', '__proto__', '<b>']) {
    const path = `/problems/${encodeURIComponent(code)}`;
    const page = await open(path, BROWSER);
    t.equal(page.status, 404, code);
    t.notMatch(await page.text(), '<b>');
    const problem = await open(path, 'application/json');
    t.match(await problem.json(), { code: 'not_found', status: 404 });
  }
});

t.test('the style that a page names is served', async (t) => {
  const page = await (await open('/problems/invalid', BROWSER)).text();
  const [, style = ''] = /<link rel="stylesheet" href="([^"]+)">/.exec(page) ?? [];
  const answer = await open(style, 'text/css');
  t.equal(answer.status, 200);
  t.equal(answer.headers.get('content-type'), 'text/css; charset=utf-8');
});

t.test('docs/problems.md shows the table of registry/errors.ts', async (t) => {
  t.equal(await readFile(PROBLEMS_PAGE, 'utf8'), problemsPage(), 'run npm run problems');
});

t.test('the source uses every code of the table', async (t) => {
  const files = globSync('registry/**/*.ts', { cwd: ROOT, exclude: ['registry/errors.ts'] });
  const sources = await Promise.all(files.map((file) => readFile(join(ROOT, file), 'utf8')));
  for (const code of Object.keys(PROBLEMS)) {
    t.ok(
      sources.some((source) => source.includes(`'${code}'`)),
      code,
    );
  }
});

const textOf = (html: string): string =>
  html.replace(/<[^>]+>/g, '').replace(/&#(\d+);/g, (_, n) => String.fromCharCode(Number(n)));
