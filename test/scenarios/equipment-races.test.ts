/**
 * Concurrent changes of instruments, computers and bindings, repeated many times on a database where they really
 * overlap. The second writer gets a clear refusal, and no invalid state remains.
 */
import t from 'tap';
import { enrolComputer, startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

const ROUNDS = 12;

t.test('concurrent requests about equipment', async (t) => {
  const lab = await startLab(t, { database: 'PostgreSQL' });
  const { admin, ada, nano, other } = lab;
  const { client } = ada;
  const pc = await enrolComputer(lab, ada, nano.id, 'LABPC-01');
  const rows = <T>(sql: string) => lab.deps.store.em().execute<T[]>(sql);
  const made = async (name: string) =>
    (await client.definitions.create({ name, source_code: measurement(name) })).id;
  const meter = await made('Meter');
  const spare = await made('Spare');
  let named = 0;
  const instrument = async (definition_id = meter) =>
    (await client.instruments.create({ name: `I${++named}`, definition_id })).id;
  const bind = (id: number, computer = pc.name) =>
    client.instruments.bind(id, computer, { adapter: 'GPIB::1' });

  /** Runs both changes concurrently. The two changes take turns in starting first. A refusal must say what to do. */
  const meet = async (
    t: { ok(ok: boolean, what: string): boolean },
    round: number,
    ...both: [() => Promise<unknown>, () => Promise<unknown>]
  ) => {
    const order = round % 2 === 0 ? both : both.toReversed();
    const outcomes = await Promise.allSettled(order.map((one) => one()));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      const { status, message } = outcome.reason as { status: number; message: string };
      t.ok(status >= 400 && status < 500, `${status} ${message}`);
    }
    return outcomes.filter(({ status }) => status === 'fulfilled').length;
  };

  await t.test('an archived definition cannot be bound', async (t) => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = await instrument();
      await meet(
        t,
        round,
        () => client.definitions.archive(meter),
        () => bind(id),
      );
      const [found] = await rows<{ archived: boolean; bound: boolean }>(
        `select d.archived_at is not null as archived,
                exists (select from computer_bindings b join instruments i on i.id = b.instrument_id
                         where i.definition_id = d.id) as bound
           from definitions d where d.id = ${meter}`,
      );
      t.not(found?.archived, found?.bound, 'exactly one of the two happened');
      if (found?.archived) await client.definitions.restore(meter);
      await client.instruments.remove(id);
    }
  });

  await t.test('a bound instrument cannot get a definition that is being archived', async (t) => {
    const id = await instrument();
    await bind(id);
    for (let round = 0; round < ROUNDS; round++) {
      const done = await meet(
        t,
        round,
        () => client.definitions.archive(spare),
        () => client.instruments.change(id, { definition_id: spare }),
      );
      t.equal(done, 1);
      if ((await client.instruments.read(id)).definition_id === spare) {
        const archived = `select from definitions where id = ${spare} and archived_at is not null`;
        t.equal((await rows(archived)).length, 0);
        await client.instruments.change(id, { definition_id: meter });
      } else await client.definitions.restore(spare);
    }
    await client.instruments.remove(id);
  });

  await t.test('an instrument and its computer belong to one lab', async (t) => {
    const both = admin.client;
    for (let round = 0; round < ROUNDS; round++) {
      const id = await instrument();
      const { id: box } = await client.computers.create({
        computer_name: `BOX-${round}`,
        lab_id: nano.id,
      });
      await meet(
        t,
        round,
        () => bind(id, `BOX-${round}`),
        () =>
          round % 4 < 2
            ? both.computers.change(box, { lab_id: other.id })
            : both.instruments.change(id, { lab_id: other.id, definition_id: null }),
      );
      const apart = await rows(
        `select from computer_bindings b join instruments i on i.id = b.instrument_id
           join computers c on c.id = b.computer where i.lab_id <> c.lab_id`,
      );
      t.equal(apart.length, 0);
    }
  });

  await t.test('a deletion also deletes the bindings, or is refused', async (t) => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = await instrument();
      const { id: box } = await client.computers.create({
        computer_name: `GONE-${round}`,
        lab_id: nano.id,
      });
      await meet(
        t,
        round,
        () => bind(id, `GONE-${round}`),
        () => (round % 4 < 2 ? client.computers.remove(box) : client.instruments.remove(id)),
      );
    }
  });

  await t.test('a deleted computer reports nothing more and is never half enrolled', async (t) => {
    for (let round = 0; round < ROUNDS; round++) {
      const box = await enrolComputer(lab, ada, nano.id, `ENDED-${round}`);
      const { code } = await client.computers.createCode(nano.id);
      const again = { code, computer_name: box.name };
      let token: string | undefined;
      await meet(
        t,
        round,
        () => client.computers.remove(box.id),
        async () => {
          if (round % 4 < 2) await box.client.sync.report({ installed: { Meter: 1 } });
          else ({ token } = await lab.anonymous.computers.enrol(again));
        },
      );
      if (token === undefined) continue;
      const counts = await fetch(`${lab.url}/api/sync`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const there = await rows(`select from computers where computer_name = '${box.name}'`);
      t.equal(counts.status, there.length === 1 ? 200 : 401);
    }
  });

  await t.test('many concurrent bindings all succeed', async (t) => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => instrument()));
    const boxes = await Promise.all(
      [1, 2, 3].map((n) => enrolComputer(lab, ada, nano.id, `MANY-${n}`)),
    );
    for (let round = 0; round < 4; round++) {
      const outcomes = await Promise.allSettled([
        ...ids.flatMap((id) =>
          boxes.map(({ name }) =>
            client.instruments.bind(id, name, { adapter: `GPIB::${round}`, is_primary: true }),
          ),
        ),
        ...boxes.map((box) => client.computers.change(box.id, { nickname: `round ${round}` })),
        ...boxes.map((box) =>
          box.client.computers.bindNew(box.name, { key: `${round}`, name: `New ${round}` }),
        ),
        bind(ids[round] as number, `NEW-${round}`),
      ]);
      const failed = outcomes.filter(({ status }) => status === 'rejected');
      t.same(failed, [], 'there is no deadlock');
      const doubled = await rows(
        'select instrument_id from computer_bindings where is_primary group by 1 having count(*) > 1',
      );
      t.equal(doubled.length, 0);
    }
  });
});
