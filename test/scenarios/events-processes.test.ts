/**
 * Several registry processes serve one PostgreSQL database and one folder. A reader of any process gets the events of
 * all processes.
 */
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { openStore } from '../../registry/store/open.ts';
import { serve } from '../helpers/command.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { bearer, readEvents } from '../helpers/events.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

t.test(
  'a landing in one process is sent by the other, and a stopped process ends its streams',
  async (t) => {
    const { databaseUrl } = await freshDatabase(false);
    const settings = {
      DATA_DIR: t.testdir(),
      DATABASE_URL: databaseUrl,
      ADMIN_PASSWORD: 'a good password',
      LOG_LEVEL: 'warn',
    };
    const one = await serve(settings, { first: true });
    const store = await openStore({ databaseUrl });
    t.teardown(() => store.close());
    // Makes the rows look as if an older registry had indexed the built-in definitions.
    await store.em().execute('update versions set files = null, described = null');
    const two = await serve({ ...settings, LOG_LEVEL: 'info' });
    const running = new Set([one, two]);
    t.teardown(() => {
      for (const server of running) server.signal('SIGKILL');
    });
    const anonymous = createClient({ url: one.url });
    const { token } = await anonymous.login('admin', 'a good password');
    const { definitions } = createClient({ url: one.url, token });

    const readers = {
      one: await readEvents(t, one.url, bearer(token)),
      two: await readEvents(t, two.url, bearer(token)),
    };
    const { id } = await definitions.create({ name: 'Meter', source_code: measurement('Meter') });
    for (const reader of Object.values(readers)) {
      const { kind, data } = await reader.next();
      t.match(
        { kind, data },
        { kind: 'definition.landed', data: { definition: { id }, version: 1 } },
      );
    }

    const stopping = performance.now();
    one.signal('SIGTERM');
    await readers.one.ended;
    t.ok(performance.now() - stopping < 2000, 'stopping ends the streams at once');
    t.match(await one.ended, { code: 0 });
    running.delete(one);
    const lastId = readers.one.lastId();

    const other = createClient({ url: two.url, token }).definitions;
    await other.change(id, { source_code: measurement('Meter', 2) });
    t.match(await readers.two.next(), { data: { version: 2 } });
    const back = await readEvents(t, two.url, {
      ...bearer(token),
      'last-event-id': String(lastId),
    });
    t.match(
      await back.next(),
      { data: { version: 2 } },
      'a reader of one process can continue at the other',
    );
    const unfilled = 'select from versions where files is null or described is null';
    await two.prints(/contents of versions indexed/);
    t.same(
      await store.em().execute(unfilled),
      [],
      'the next start fills in what an older registry did not index',
    );
    two.signal('SIGTERM');
    t.match(await two.ended, { code: 0 });
    running.delete(two);
  },
);
