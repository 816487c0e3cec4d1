/** The API document describes every operation well enough to generate a client from it. */
import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { startRegistry } from '../helpers/registry.ts';
import { operationsOf } from './openapi.ts';

t.test(
  'every operation has a unique name, a summary, tags, parameters and responses',
  async (t) => {
    const { url } = await startRegistry(t);
    const operations = await operationsOf(url);
    t.ok(operations.length > 30);
    const names = operations.map(({ operationId }) => operationId);
    t.equal(new Set(names).size, operations.length, 'names are unique');
    for (const { method, path, operationId, summary, tags, parameters, responses } of operations) {
      const what = `${method} ${path}`;
      t.match(operationId, /^[a-z][A-Za-z]+$/, what);
      t.ok(summary, what);
      t.equal(tags?.length, 1, what);
      t.same(
        parameters.toSorted(),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(),
        `${what}: its path parameters`,
      );
      t.ok(
        Object.keys(responses).some((status) => /^[23]\d\d$/.test(status)),
        `${what}: an answer`,
      );
      if (path.startsWith('/api/')) {
        t.ok(responses['4XX']?.content?.['application/problem+json'], `${what}: problems`);
      }
    }
  },
);

t.test('the document is valid OpenAPI', async (t) => {
  const { url } = await startRegistry(t);
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Record<string, object>;
  t.match(await new Validator().validate(document), { valid: true });
});

t.test('the API pages load their parts from the registry, over plain http too', async (t) => {
  const { url } = await startRegistry(t);
  const page = await (await fetch(`${url}/docs`)).text();
  const parts = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part as string);
  t.ok(parts.length > 5);
  for (const part of parts) {
    t.match(part, /^\.?\/(?!\/)/, 'the part comes from the registry itself');
    const answer = await fetch(new URL(part, `${url}/docs`));
    // The response is read to its end, because the registry does not stop during a response.
    await answer.arrayBuffer();
    t.equal(answer.status, 200, part);
  }
  t.notMatch(
    page,
    /<script(?![^>]* src=)|<style|style="/,
    'nothing is inline, because the browser would not run it',
  );
});
