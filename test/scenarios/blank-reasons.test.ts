/**
 * An override and a revocation need a reason, and the version's record keeps it. The flaw: any text of at least one
 * character counted as a reason, even a space. Unreviewed code landed with a meaningless record. Verified: a required
 * text may not be blank, in every field of every body.
 */
import t from 'tap';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { measurement } from '../helpers/registry.ts';
import { operationsOf } from './openapi.ts';

/** Blank texts: space, tab, no-break space and ideographic space. Line ends are only allowed in prose. */
const BLANKS = [' ', '\t', '\u00a0', '\u3000', ' \n '];

t.test('a blank reason does not count as a reason', async (t) => {
  const { admin, ada, ben, nano } = await startLab(t);
  const { definitions, mergeRequests } = ada.client;
  const { id } = await definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  await admin.client.labs.change(nano.id, { direct_landing: 'nobody' });
  const { merge_request } = await ben.client.definitions.change(id, { category: 'Meters' });
  if (!merge_request) throw new Error('the save did not open a merge request');
  const { head } = await mergeRequests.read(merge_request.id);
  for (const blank of BLANKS) {
    const shown = JSON.stringify(blank);
    const of = (path: string) => ({ status: 422, errors: [{ path, message: /must not be/ }] });
    const merge = mergeRequests.merge(merge_request.id, { head, override: blank });
    t.match(await problemOf(merge), of('override'), `merged because of ${shown}`);
    const save = definitions.change(id, { category: 'Other', override: blank });
    t.match(await problemOf(save), of('override'), `saved because of ${shown}`);
    t.match(await problemOf(definitions.revoke(id, 1, blank)), of('reason'), `revoked: ${shown}`);
    t.match(
      await problemOf(definitions.deprecate(id, 1, blank)),
      of('reason'),
      `warned of: ${shown}`,
    );
    t.match(
      await problemOf(definitions.rollback(id, 1, blank)),
      of('reason'),
      `taken back: ${shown}`,
    );
  }
  t.match(await definitions.read(id), { version: 1, revoked: null, deprecated: null });
});

interface Schema {
  type?: string;
  minLength?: number;
  pattern?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  items?: Schema;
  anyOf?: Schema[];
}

/** These fields need no rule of their own, because they are compared with existing values. */
const COMPARED = ['code', 'file', 'addMember username', 'addMember email', 'password'];

t.test('a required text may not be blank', async (t) => {
  const { url } = await startLab(t);
  const open: string[] = [];
  let seen = 0;
  const look = (schema: Schema, path: string, operation: string): void => {
    if (schema.type === 'string' && (schema.minLength ?? 0) > 0) {
      seen += 1;
      const fits = new RegExp(schema.pattern ?? '', 'u');
      const known = COMPARED.includes(path) || COMPARED.includes(`${operation} ${path}`);
      if (!known && BLANKS.some((blank) => fits.test(blank))) open.push(`${operation} ${path}`);
    }
    for (const [name, inner] of Object.entries(schema.properties ?? {}))
      look(inner, name, operation);
    const { propertyNames, additionalProperties, items, anyOf = [] } = schema;
    if (propertyNames) look({ type: 'string', ...propertyNames }, `keys ${path}`, operation);
    if (typeof additionalProperties === 'object') look(additionalProperties, path, operation);
    for (const inner of [...(items ? [items] : []), ...anyOf]) look(inner, path, operation);
  };
  for (const { operationId = '', body } of await operationsOf(url))
    if (body) look(body as Schema, '', operationId);
  t.ok(seen > 30);
  t.same(open, []);
});
