/** Times in requests. Impossible dates are refused and never taken for another day. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { parseTime } from '../../registry/schemas/time.ts';

const two = (n: number) => String(n).padStart(2, '0');
const four = (n: number) => String(n).padStart(4, '0');

t.test('times are valid exactly if Python accepts them, with the same value', (t) => {
  const sign = fc.constantFrom('+', '-');
  const written = fc
    .tuple(
      fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1996, max: 2004 })),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
      fc.integer({ min: 0, max: 25 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 60 }),
      fc.oneof(
        fc.constant('Z'),
        fc.tuple(sign, fc.integer({ min: 0, max: 24 }), fc.integer({ min: 0, max: 60 })),
      ),
    )
    .map(([y, mo, d, h, mi, s, zone]) => {
      const at = typeof zone === 'string' ? zone : `${zone[0]}${two(zone[1])}:${two(zone[2])}`;
      return `${four(y)}-${two(mo)}-${two(d)}T${two(h)}:${two(mi)}:${two(s)}${at}`;
    });
  const texts = [...fc.sample(written, 4000), '2027-02-30T00:00:00Z', '2028-02-29T00:00:00Z'];
  const python = `
import json, sys
from datetime import datetime, timezone
def read(text):
    try:
        # RFC 3339 has no hour 24, which newer versions of Python take.
        if text[11:13] > "23" or text[-1] != "Z" and (text[-5:-3] > "23" or text[-2:] > "59"):
            return None
        return datetime.fromisoformat(text).astimezone(timezone.utc).isoformat()
    except (ValueError, OverflowError):
        return None
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`;
  const answers = JSON.parse(
    execFileSync('python3', ['-c', python], { input: JSON.stringify(texts) }).toString(),
  ) as (string | null)[];
  for (const [i, text] of texts.entries()) {
    const ours = parseTime(text)?.toISOString().replace('.000Z', '+00:00') ?? null;
    if (ours !== answers[i]) t.equal(ours, answers[i], text);
  }
  t.ok(answers.filter((answer) => answer !== null).length > 500, 'many samples are valid times');
  t.end();
});

t.test('a text without a definite moment is not a time', (t) => {
  for (const text of [
    '2027-01-31',
    '2027-01-31T12:00:00',
    '2027-01-31 12:00:00Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-00:01',
    '+010000-01-01T00:00:00Z',
    '2027-01-31T12:00Z',
    '2027-01-31T12:00:00.Z',
    '2027-01-31T12:00:00Z\n',
    '２０２７-01-31T12:00:00Z',
    '',
  ]) {
    t.equal(parseTime(text), null, JSON.stringify(text));
  }
  t.equal(
    parseTime('2027-01-31t12:00:00.123456+02:00'.toUpperCase())?.toISOString(),
    '2027-01-31T10:00:00.123Z',
  );
  t.end();
});
