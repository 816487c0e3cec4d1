import t from 'tap';
import { HASH_BEGINNING, versionsWithHashLike } from '../../registry/store/versions.ts';
import { onEachDatabase } from '../helpers/databases.ts';

await onEachDatabase(
  t,
  'the beginning of a hash is found with an index, for any number of versions',
  async (t, store, { statements }) => {
    const hash = 'abcdef0123';
    const plan = await store.transaction(async (em) => {
      await em.execute('set local enable_seqscan = off');
      t.same(await versionsWithHashLike(em, hash), []);
      const asked = statements.at(-1) as string;
      return await em.execute(
        `explain ${asked.replace(/\$1|\?/, `'${hash.slice(0, HASH_BEGINNING)}'`)}`,
      );
    });
    t.match(JSON.stringify(plan), /versions_hash_beginnings_index/);
  },
);
