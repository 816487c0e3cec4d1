import t from 'tap';
import { settingRows } from '../../web-components/elements/setting-rows.ts';

t.test('a schema becomes rows with type, range, default and description', async (t) => {
  const rows = settingRows(
    {
      type: 'object',
      required: ['gain'],
      properties: {
        gain: { type: 'number', minimum: 1e-9, maximum: 1, description: 'Gain in V' },
        slope: { enum: [6, 12], title: 'Slope' },
        mode: { enum: ['fast', null] },
        delay: { type: 'integer', exclusiveMinimum: 0, multipleOf: 5, default: 10 },
        channels: { type: 'array', items: { type: 'integer' } },
        label: { type: ['string', 'null'], pattern: '^[a-z]+$' },
        either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
        sweep: { type: 'object', properties: { start: { type: 'number' } } },
      },
    },
    { gain: 0.5, sweep: { start: 0, undocumented: true }, extra: [1, 2] },
  );
  const row = (path: string) => rows.find((one) => one.path === path);
  t.match(row('gain'), {
    type: 'number',
    allowed: '1e-9 … 1',
    initial: '0.5',
    description: 'Gain in V',
    isRequired: true,
  });
  t.match(row('slope'), { type: 'number', allowed: '6, 12', description: 'Slope', initial: '' });
  t.match(row('mode'), { type: 'string or null', allowed: 'fast, null' });
  t.match(row('delay'), { allowed: '> 0; steps of 5', initial: '10' });
  t.match(row('channels'), { type: 'list of integer' });
  t.match(row('label'), { type: 'string or null', allowed: 'matches ^[a-z]+$' });
  t.match(row('either'), { type: 'string or number' });
  t.match(row('sweep.start'), { type: 'number', initial: '0' });
  t.match(
    row('sweep.undocumented'),
    { type: 'boolean', initial: 'true' },
    'from its default alone',
  );
  t.match(row('extra'), { type: 'list', initial: '[1,2]' });
  t.equal(row('sweep'), undefined, 'only its inner settings have rows');
});

t.test('invalid, deep and wide schemas are handled without errors', async (t) => {
  const deep: Record<string, unknown> = {};
  let inner = deep;
  for (let level = 0; level < 1000; level += 1) {
    const next = {};
    inner.properties = { a: next };
    inner = next;
  }
  t.match(settingRows(deep, null), { length: 1 });
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`s${i}`, {}]));
  t.match(settingRows({ properties: wide }, null), { length: 500 });
  for (const odd of [
    null,
    1,
    'x',
    [],
    { properties: [1] },
    { properties: { a: 1, __proto__: 2 } },
  ]) {
    t.doesNotThrow(() => settingRows({ properties: odd }, odd as never));
    t.doesNotThrow(() => settingRows(odd as never, null));
  }
});
