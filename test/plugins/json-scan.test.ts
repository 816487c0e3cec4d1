/**
 * Tests the scan that finds faults of JSON in one pass. The findings are compared with the values that the JSON was
 * generated from.
 */
import t from 'tap';
import { scanJson } from '../../registry/plugins/json-scan.ts';

/**
 * Strings with backslashes and quotes. From a certain length on, the scan searches a string instead of reading it.
 * These lengths are around that limit.
 */
const STRINGS = [0, 1, 1021, 1022, 1023, 1024, 1025, 2047, 2048, 2049, 5000].flatMap((length) =>
  ['', '"', '\\', '\\"', '\\\\', '"}', '","a":1', '\\u0022'].flatMap((end) => [
    'x'.repeat(length) + end,
    '\\'.repeat(length) + end,
    end + 'x'.repeat(length) + end,
  ]),
);

t.test('duplicate names are found after any string, and no others are reported', async (t) => {
  for (const string of STRINGS) {
    const value = { a: string, [`b${string}`]: [{ a: string }, { a: 1 }] };
    const text = JSON.stringify(value);
    t.same(scanJson(text), { isSuspicious: false });
    const twice = `${text.slice(0, -1)},"c":[0,{"d":"","\\u0064":1}]}`;
    t.match(scanJson(twice), { repeated: { path: 'c.1.d' } });
  }
});

t.test('numbers are too large exactly if JSON.parse makes them infinite', async (t) => {
  const numbers = [
    '1e308',
    '1e309',
    '-1E+400',
    '1e-999',
    '9'.repeat(308),
    '9'.repeat(310),
    '0.1e1',
  ];
  for (const number of numbers) {
    const isInfinite = Math.abs(JSON.parse(number)) === Number.POSITIVE_INFINITY;
    const { unfit } = scanJson(`{"a": [true, ${number}], "e": false}`);
    t.equal(unfit?.path, isInfinite ? 'a' : undefined, number.slice(0, 10));
  }
});

t.test('names and values are counted, and prototype names are detected', async (t) => {
  const names = (count: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])));
  t.equal(scanJson(names(20_000)).excess, undefined);
  t.equal(scanJson(names(20_001)).excess, '20000 names of properties');
  t.equal(scanJson(`[${'0,'.repeat(49_997)}0]`).excess, undefined);
  t.equal(scanJson(`[${'0,'.repeat(50_000)}0]`).excess, '50000 values');
  t.ok(scanJson('{"a": {"__pr\\u006fto__": 1}}').isSuspicious);
  t.notOk(scanJson('{"a": "__proto__"}').isSuspicious);
});
