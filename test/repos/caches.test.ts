import fc from 'fast-check';
import t from 'tap';
import { Cache, Caches } from '../../repos/caches.ts';

const KIB = 1024;

t.test('a cache keeps the most recently used values, within its size', async (t) => {
  const cache = new Cache<{ size: number }>(10 * KIB, ({ size }) => size);
  for (const key of ['a', 'b', 'c', 'd']) cache.set(key, { size: 2 * KIB });
  t.ok(cache.get('a'));
  cache.set('e', { size: 2 * KIB });
  t.equal(cache.peek('b'), undefined, 'the least recently used value is evicted');
  t.ok(cache.peek('a'));
  cache.set('a', { size: 3 * KIB });
  t.equal(cache.peek('a'), undefined, 'a value larger than a quarter of the cache is not cached');
  t.match(cache.state, { entries: 3, hits: 1, misses: 0 });
});

t.test('all caches together stay within the budget, with any sequence of changes', async () => {
  const shares = { one: 1, two: 3 };
  const step = fc.record({
    cache: fc.constantFrom('one', 'two'),
    key: fc.string({ maxLength: 2 }),
    size: fc.nat(3000),
    deletes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const caches = new Caches(8 * KIB, shares);
      const last = new Map<string, object>();
      for (const { cache: name, key, size, deletes } of steps) {
        const cache = caches.open<{ size: number }>(name, (value) => value.size, { largest: 1 });
        const value = { size };
        if (deletes) cache.delete(key);
        else cache.set(key, value);
        last.set(`${name} ${key}`, deletes ? {} : value);
        const found = cache.get(key);
        if (found !== undefined && found !== last.get(`${name} ${key}`)) return false;
      }
      return caches.state.reduce((sum, { bytes }) => sum + bytes, 0) <= 8 * KIB;
    }),
  );
});

t.test(
  'a cache has its share of the budget, and one without a share cannot be opened',
  async (t) => {
    const caches = new Caches(400 * KIB, { one: 1, two: 3 });
    const one = caches.open<{ size: number }>('one', ({ size }) => size);
    t.equal(
      caches.open('one', () => 0),
      one,
    );
    one.set('fits', { size: 24 * KIB });
    one.set('too large', { size: 26 * KIB });
    t.same([one.peek('fits') !== undefined, one.peek('too large')], [true, undefined]);
    t.throws(() => caches.open('three', () => 0), /three has no share/);
    t.same(
      caches.state.map(({ name, entries }) => [name, entries]),
      [
        ['one', 1],
        ['two', 0],
      ],
    );
  },
);

t.test('concurrent callers share the making of a value, and a failure is not cached', async (t) => {
  const cache = new Cache<string>(10 * KIB, (text) => text.length);
  const making = Promise.withResolvers<string>();
  let made = 0;
  const make = () => {
    made += 1;
    return making.promise;
  };
  const asked = [cache.load('a', make), cache.load('a', make)];
  // If the value is evicted meanwhile, the callers that wait for it still get it.
  for (let i = 0; i < 20; i++) cache.set(`${i}`, 'x'.repeat(2 * KIB));
  making.resolve('value');
  t.same(await Promise.all(asked), ['value', 'value']);
  t.equal(made, 1);
  await t.rejects(
    cache.load('b', () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.equal(await cache.load('b', async () => 'yes'), 'yes');
});
