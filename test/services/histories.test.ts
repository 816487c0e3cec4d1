import t from 'tap';
import type { Actor } from '../../registry/access/decide.ts';
import { readHistories } from '../../registry/services/sync/histories.ts';
import type { Repositories } from '../../repos/types.ts';

const computer: Actor = { kind: 'computer', id: 1, name: 'LABPC-01', labId: 7 } as Actor;
const caller = { actor: computer, address: null, tokenName: null };
const rules = { anonymousRead: false } as never;
const versionsBundle = async () => Buffer.from('history');
const onError = (error: unknown) => {
  throw error;
};
const facts = { labId: 7, isPublic: false, isBuiltin: false, isArchived: false, isApproved: true };

t.test('a prepared part is not sent if the computer may not read it any more', async (t) => {
  let labId = 7;
  const parts = readHistories(
    {
      repositories: { open: async () => ({ versionsBundle }) } as unknown as Repositories,
      rules,
      definition: async () => ({ facts }) as never,
      asker: async () => ({ ...computer, labId }),
      onError,
    },
    caller,
    ['A', 'B'],
  );
  const read = async () => (await parts.next()).value?.toString();
  t.equal(await read(), '{"name":"A","size":7}\n');
  t.equal(await read(), 'history');
  labId = 8;
  t.equal(await read(), '{"name":"B","size":0}\n');
  t.equal(await read(), '{"end":true}\n');
});

t.test('a computer whose token is revoked gets no further part, and no end', async (t) => {
  let isEnrolled = true;
  const parts = readHistories(
    {
      repositories: { open: async () => ({ versionsBundle }) } as unknown as Repositories,
      rules,
      definition: async () => ({ facts }) as never,
      asker: async () => (isEnrolled ? computer : undefined),
      onError,
    },
    caller,
    ['A', 'B', 'C'],
  );
  const read = async () => (await parts.next()).value?.toString();
  t.equal(await read(), '{"name":"A","size":7}\n');
  t.equal(await read(), 'history');
  isEnrolled = false;
  t.same(await parts.next(), { value: undefined, done: true });
});
