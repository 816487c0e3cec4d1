import t from 'tap';
import { migrations } from '../../migrations/index.ts';
import { onEachDatabase } from '../helpers/databases.ts';

await onEachDatabase(
  t,
  'migrations create the schema that the entities describe',
  async (t, store) => {
    t.same(
      await store.pending(),
      migrations.map(({ name }) => name),
    );
    t.equal((await store.migrate()).length, migrations.length);
    t.same(await store.pending(), []);
    t.same(await store.migrate(), [], 'a second run finds nothing to do');

    const { schema } = store.orm as unknown as {
      schema: { getUpdateSchemaSQL(): Promise<string> };
    };
    const changes = (await schema.getUpdateSchemaSQL()).split('\n').filter(Boolean);
    t.same(
      changes,
      [
        "set names 'utf8';",
        'alter table "definitions" drop column "heading", drop column "words";',
      ],
      'except for the columns of the search, which the database computes and no entity has',
    );
  },
  { migrated: false },
);

await onEachDatabase(
  t,
  'processes that start at the same time migrate once',
  async (t, store) => {
    if (store.embedded) {
      t.pass('the embedded database allows one process');
      return;
    }
    const done = await Promise.all([store.migrate(), store.migrate(), store.migrate()]);
    t.equal(done.flat().length, migrations.length);
  },
  { migrated: false },
);
