/** The workers that analyse definitions: turns of accounts, limits, and errors. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as after } from 'node:timers/promises';
import t from 'tap';
import { AnalysisPool, type PoolLimits } from '../../registry/analysis/pool.ts';
import { FairQueue } from '../../registry/analysis/queue.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);
const POLICY = { banned: [], allowed: [] };
const SMALL = measurement('Meter');
/** Valid Python with many functions, each of which must be parsed. */
const functions = (count: number, terms = 1): string =>
  Array.from(
    { length: count },
    (_, i) => `def f${i}(a):\n    return a${` + ${i}`.repeat(terms)}\n`,
  ).join('');
const MUCH = functions(800);

function open(limits: Partial<PoolLimits> = {}) {
  const pool = new AnalysisPool({ lanes: 2, ...limits });
  t.teardown(() => pool.close());
  const validate = (account: string, source: string) =>
    pool.ask(account, 'validate', 'Meter', source, POLICY);
  return { pool, validate };
}

t.test('accounts take turns, and a single account leaves one worker free', async (t) => {
  const queue = new FairQueue<string>({ share: 1, waiting: 3 });
  for (const task of ['a1', 'a2', 'a3']) queue.add('a', task);
  queue.add('b', 'b1');
  t.notOk(queue.hasRoom('a'));
  t.ok(queue.hasRoom('b'));
  t.same([queue.next()?.task, queue.next()?.task, queue.next()], ['a1', 'b1', undefined]);
  queue.done('a');
  queue.add('c', 'c1');
  t.same([queue.next()?.task, queue.next()?.task], ['a2', 'c1']);
  t.equal(queue.size, 1);
  t.same(queue.clear(), ['a3']);
  t.equal(queue.next(), undefined);
});

t.test('a small question is answered while another account floods', async (t) => {
  const { pool, validate } = open();
  // This question starts both workers.
  await Promise.all([validate('a', SMALL), validate('b', SMALL)]);
  const order: string[] = [];
  const flood = Array.from({ length: 4 }, async () => {
    await validate('a', MUCH);
    order.push('a');
  });
  t.match(await validate('b', SMALL), { valid: true });
  order.push('b');
  await Promise.all(flood);
  t.ok(order.indexOf('b') <= 1, order.join(' '));
  t.match(pool.state, { waiting: 0, outcomes: { answered: 7 } });
});

t.test('a question that takes too long fails, and the next one is answered', async (t) => {
  const { pool, validate } = open({ deadline: 300 });
  const error = { code: 'too_costly', status: 422, message: /more than 0.3 s of computing/ };
  await t.rejects(validate('a', functions(9_500, 12)), error);
  t.equal(pool.state.outcomes.deadline, 1);
  t.ok(await pool.ask('a', 'mergeText', 'a\n', 'b\n', 'a\n'));
});

t.test('a question that takes too much memory fails, and the process continues', async (t) => {
  const { pool, validate } = open({ memory: 32, deadline: 60_000 });
  await t.rejects(validate('a', functions(9_000)), { code: 'too_costly', message: /32 MiB/ });
  t.equal(pool.state.outcomes.memory, 1);
  t.same(await pool.ask('a', 'mergeText', 'a\n', 'b\n', 'a\n'), { text: 'b\n' });
});

t.test('the questions of an account are limited; those of the registry are not', async (t) => {
  const { validate } = open({ waiting: 2 });
  const asked = [1, 2, 3].map(() => validate('a', SMALL));
  await t.rejects(validate('a', SMALL), {
    code: 'too_many_requests',
    status: 429,
    retryAfter: 5,
  });
  const own = Array.from({ length: 5 }, () => validate('registry', SMALL));
  for (const { valid } of await Promise.all([...asked, ...own])) t.ok(valid);
});

t.test('an idle worker ends, and the next question starts a new one', async (t) => {
  const { pool, validate } = open({ idle: 50 });
  await validate('a', SMALL);
  for (const end = Date.now() + 20_000; pool.state.workers > 0 && Date.now() < end; )
    await after(50);
  t.equal(pool.state.workers, 0);
  t.match(await validate('a', SMALL), { valid: true });
});

t.test('waiting questions fail when the registry stops', async (t) => {
  const { pool, validate } = open();
  const asked = Array.from({ length: 3 }, () => validate('a', MUCH));
  const told = asked.map((answer) => t.rejects(answer, { code: 'unavailable', status: 503 }));
  await pool.close();
  await Promise.all(told);
  await t.rejects(validate('b', SMALL), { code: 'unavailable' });
});

t.test(
  'the workers of a server have a lower priority than its requests, those of a single command do not',
  { skip: process.platform !== 'linux' && 'only Linux lowers the priority of one thread' },
  async (t) => {
    const own = await priorityOf('self');
    for (const yields of [true, false]) {
      const before = new Set(await readdir('/proc/self/task'));
      await open({ lanes: 1, yields }).validate('a', SMALL);
      const made = (await readdir('/proc/self/task')).filter((thread) => !before.has(thread));
      const priorities = await Promise.all(made.map((thread) => priorityOf(`self/task/${thread}`)));
      t.equal(
        priorities.some((priority) => priority > own),
        yields,
      );
    }
  },
);

/**
 * The nineteenth field of proc_pid_stat(5). Fields are counted from the third one, because the second is a name that
 * may contain spaces.
 */
async function priorityOf(process: string): Promise<number> {
  const stat = await readFile(`/proc/${process}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}
