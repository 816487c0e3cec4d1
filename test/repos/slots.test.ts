import t from 'tap';
import { Slots } from '../../repos/slots.ts';

t.test(
  'slots are given in order and returned once, and an aborted request leaves the queue',
  async (t) => {
    const slots = new Slots(2);
    const order: string[] = [];
    const ask = (name: string, signal?: AbortSignal) =>
      (signal ? slots.take(signal) : slots.take()).then((free) => {
        order.push(free === undefined ? `${name} aborted` : name);
        return free;
      });
    const first = await ask('first');
    await ask('second');
    const third = ask('third');
    const left = new AbortController();
    const fourth = ask('fourth', left.signal);
    const fifth = ask('fifth');
    left.abort();
    t.equal(await fourth, undefined);
    first?.();
    first?.();
    const freeThird = await third;
    t.same(order, ['first', 'second', 'fourth aborted', 'third']);
    freeThird?.();
    (await fifth)?.();
    t.ok(await slots.take(), 'all slots are free again');
    t.equal(await slots.take(left.signal), undefined);
  },
);
