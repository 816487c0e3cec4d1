/** The event stream without HTTP: slow readers, readers that missed many events, and many readers. */
import { once } from 'node:events';
import { Writable } from 'node:stream';
import t from 'tap';
import { Events, MOST_MISSED } from '../../../registry/services/events/events.ts';
import { MOST_WAITING } from '../../../registry/services/events/reader.ts';
import type { Identity } from '../../../registry/services/people/identify.ts';
import { auditChannel } from '../../../registry/store/audit.ts';
import type { Store } from '../../../registry/store/open.ts';
import { onEachDatabase } from '../../helpers/databases.ts';

const ADMIN: Identity = {
  actor: {
    kind: 'user',
    id: 1,
    username: 'root',
    name: 'Root',
    email: 'root@lab.example',
    isAdmin: true,
    roles: new Map(),
    scope: 'read',
  },
  tokenName: null,
  expires: null,
};

/** Collects the output. The test decides whether the output is consumed. */
class Out extends Writable {
  text = '';
  #waiting: (() => void) | undefined;
  stuck: boolean;
  constructor(stuck = false) {
    super({ highWaterMark: 1024 });
    this.stuck = stuck;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    if (this.stuck) this.#waiting = done;
    else done();
  }
  go(): void {
    this.stuck = false;
    this.#waiting?.();
  }
  get ids(): number[] {
    return [...this.text.matchAll(/^id: (\d+)\nevent: /gm)].map(([, id]) => Number(id));
  }
}

/** Posts `count` verdicts on a definition in one transaction. */
async function happen(store: Store, count: number): Promise<number> {
  const [{ id }] = await store.em().execute<[{ id: number }]>(
    `insert into definitions (name, display_name, instrument_type, status, version)
     values ('Meter', 'Meter', 'measurement', 'operational', 1)
     on conflict (lower(name)) do update set version = 1 returning id`,
  );
  // Inserts only rows. Appending each entry to the audit chain is slow, and these tests ignore the chain.
  const rows = await store.em().execute<{ id: number | string }[]>(
    `with added as (
       insert into audit_events (id, at, actor_id, actor, action, subject_type, subject_id, subject,
                                 after, previous_hash, hash)
       select nextval('audit_events_id_seq'), now(), 1, 'root', 'version.reinstated', 'definition', ?, 'Meter',
              jsonb_build_object('version', 1, 'reason', repeat('x', 190)), '', n::text
         from generate_series(1, ?) n returning id)
     select id, pg_notify(?, '') from added order by id`,
    [id, count, auditChannel],
  );
  return Number(rows.at(-1)?.id);
}

/** Reads as a person whose session ends in `ms` milliseconds. */
const endingIn = (ms: number) => async () => ({ ...ADMIN, expires: new Date(Date.now() + ms) });

function open(t: { teardown(end: () => Promise<void>): void }, store: Store, patience = 60_000) {
  const errors: unknown[] = [];
  const rules = { anonymousRead: false };
  const onError = (error: unknown) => errors.push(error);
  const events = new Events({ store, rules, onError, heartbeat: 50, patience });
  t.teardown(() => events.close());
  const read = async (
    out: Out,
    lastId?: number,
    identify: () => Promise<Identity> = async () => ADMIN,
  ) => {
    await events.open({ out, identify, lastId: lastId?.toString() });
    return out;
  };
  return { events, errors, read };
}

/** Resolves when the output contains this id. */
async function waitForId(out: Out, id: number): Promise<void> {
  while (!out.ids.includes(id)) await new Promise((resolve) => setTimeout(resolve, 5));
}

await onEachDatabase(
  t,
  'a reader that does not keep up is dropped, and the others get the events',
  async (t, store) => {
    const { events, errors, read } = open(t, store);
    const slow = await read(new Out(true));
    const others = await Promise.all([1, 2, 3].map(() => read(new Out())));
    const count = Math.ceil(MOST_WAITING / 300);
    const last = await happen(store, count);
    for (const other of others) await waitForId(other, last);
    for (const other of others) t.equal(other.ids.length, count);
    t.ok(slow.destroyed, 'dropped');
    t.ok(slow.writableLength < MOST_WAITING + 1024, 'the queue stays within its limit');
    t.same(errors, []);
    await events.close();
    for (const other of others) t.ok(other.writableEnded, 'the reader receives the end');
    await t.rejects(read(new Out()), { code: 'unavailable' });
  },
);

await onEachDatabase(
  t,
  'missed events are sent at the pace of the reader, or not at all',
  async (t, store) => {
    const { read } = open(t, store);
    const begin = await happen(store, 1);
    const last = await happen(store, MOST_MISSED);
    const slow = new Out(true);
    const opened = read(slow, begin);
    await once(slow, 'newListener');
    while (!slow.writableNeedDrain) await new Promise((resolve) => setTimeout(resolve, 5));
    t.ok(slow.writableLength < 2048, 'nothing accumulates');
    slow.go();
    await opened;
    t.equal(slow.ids.length, MOST_MISSED, 'all missed events');
    t.equal(slow.ids.at(-1), last);
    const next = await happen(store, 1);
    await waitForId(slow, next);
    t.match(
      (await read(new Out(), begin)).text,
      /\nid: \d+\nevent: reset\n/,
      'one more event is too many',
    );
  },
);

await onEachDatabase(t, 'a reader that takes no missed events is dropped', async (t, store) => {
  const { read } = open(t, store, 100);
  const begin = await happen(store, 1);
  await happen(store, 100);
  const stuck = new Out(true);
  await read(stuck, begin);
  t.ok(stuck.destroyed);
});

await onEachDatabase(
  t,
  'new events cost the same few queries for any number of readers',
  async (t, store, { statements }) => {
    const { events, read } = open(t, store);
    const outs = await Promise.all(Array.from({ length: 500 }, () => read(new Out())));
    const last = await happen(store, 1);
    statements.length = 0;
    const next = await happen(store, 1);
    await Promise.all(outs.map((out) => waitForId(out, next)));
    t.ok(outs.every(({ ids }) => ids.join() === `${last},${next}`));
    t.ok(statements.length <= 10, `${statements.length} statements`);
    await events.close();
  },
);

await onEachDatabase(t, 'a stream ends when its token or session does', async (t, store) => {
  const { read } = open(t, store);
  const expiring = await read(new Out(), undefined, endingIn(200));
  const other = await read(new Out());
  if (!expiring.closed) await once(expiring, 'close');
  t.ok(expiring.writableEnded);
  t.notOk(other.writableEnded);
});

await onEachDatabase(
  t,
  'a listener gets events again after its connection broke',
  async (t, store) => {
    if (store.embedded) return void t.pass('the embedded database has no connection to lose');
    const { read } = open(t, store);
    const out = await read(new Out());
    await store.em().execute(
      `select pg_terminate_backend(pid) from pg_stat_activity
      where query like 'listen %' and datname = current_database()`,
    );
    await waitForId(out, await happen(store, 1));
    t.pass('the event of the interruption arrives');
    await waitForId(out, await happen(store, 1));
  },
);
