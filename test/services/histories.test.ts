import t from 'tap';
import type { Actor } from '../../registry/access/decide.ts';
import { readHistories } from '../../registry/services/sync/histories.ts';
import type { Repositories } from '../../repos/types.ts';

const computer: Actor = { kind: 'computer', id: 1, name: 'LABPC-01', labId: 7 } as Actor;
const facts = { labId: 7, isPublic: false, isBuiltin: false, isArchived: false, isApproved: true };

t.test('a computer whose token is taken back gets no further part, and no end', async (t) => {
  let isEnrolled = true;
  const versionsBundle = async () => Buffer.from('history');
  const parts = readHistories(
    {
      repositories: { open: async () => ({ versionsBundle }) } as unknown as Repositories,
      rules: { anonymousRead: false } as never,
      definition: async () => ({ facts }) as never,
      asker: async () => (isEnrolled ? computer : undefined),
      onError: (error) => {
        throw error;
      },
    },
    { actor: computer, address: null, tokenName: null },
    ['A', 'B', 'C'],
  );
  const read = async () => (await parts.next()).value?.toString();
  t.equal(await read(), '{"name":"A","size":7}\n');
  t.equal(await read(), 'history');
  isEnrolled = false;
  t.same(await parts.next(), { value: undefined, done: true });
});
