/** Which changes of a new version break bindings, stored settings and scripts. */
import fc from 'fast-check';
import t from 'tap';
import { compareInterfaces, type Side } from '../../registry/definitions/interface/compare.ts';
import type { Json, Metadata } from '../../registry/definitions/types.ts';

const before: Metadata & Side = {
  display_name: 'Lock-in',
  description: null,
  instrument_type: 'measurement',
  category: null,
  manufacturer: null,
  status: 'operational',
  base_class: 'VisaBaseMeasurementInstrument',
  dependencies: [],
  settings_schema: {
    properties: {
      range: { type: 'number', minimum: 0, maximum: 10 },
      mode: { type: 'string', enum: ['fast', 'slow'] },
    },
  },
  default_settings: { range: 1 },
  data_columns: ['x', 'y'],
  data_units: ['V', 'V'],
  position_column: 'angle',
  position_units: 'deg',
  signature: null,
};

const schema = (properties: { [key: string]: Json }, required: string[] = []) => ({
  settings_schema: {
    properties: { ...(before.settings_schema?.properties as object), ...properties },
    required,
  },
});

const BREAKING: [change: Partial<Metadata>, told: RegExp][] = [
  [{ base_class: 'Movement' }, /base class was .* and is Movement/],
  [{ instrument_type: 'movement' }, /instrument type/],
  [{ data_columns: ['x'], data_units: ['V'] }, /column y was removed/],
  [{ data_columns: ['y', 'x'] }, /column x was number 1 and is number 2/],
  [{ data_columns: ['new', 'x', 'y'] }, /column x was number 1 and is number 2/],
  [{ data_columns: null, data_units: null }, /data columns are not stated/],
  [{ data_units: ['V', 'A'] }, /unit of y was V and is A/],
  [{ data_units: null }, /units .* not stated/],
  [{ position_column: 'x' }, /position column was angle/],
  [{ position_column: null }, /position column is not stated/],
  [{ position_units: 'rad' }, /unit of the position was deg/],
  [{ settings_schema: null, default_settings: null }, /settings are not stated/],
  [{ settings_schema: null }, /setting mode was removed/],
  [schema({ range: { type: 'string' } }), /was of type number and is of type string/],
  [schema({ range: { type: 'number', minimum: 1, maximum: 10 } }), /minimum .* was 0 and is 1/],
  [schema({ range: { type: 'number', minimum: 0, maximum: 5 } }), /maximum .* was 10 and is 5/],
  [schema({ mode: { type: 'string', enum: ['fast'] } }), /does not take "slow"/],
  [schema({}, ['mode']), /mode is required now/],
  [schema({ more: { type: 'number' } }, ['more']), /more is new, required/],
];

t.test('removals, moves, narrower ranges and other units are breaking', async (t) => {
  for (const [change, told] of BREAKING) {
    const found = compareInterfaces(before, { ...before, ...change });
    t.ok(
      found.some(({ breaking, message }) => breaking && told.test(message)),
      `${told}: ${JSON.stringify(found)}`,
    );
  }
});

const HARMLESS: Partial<Metadata>[] = [
  { data_columns: ['x', 'y', 'z'], data_units: ['V', 'V', 'A'] },
  { description: 'new words', display_name: 'Other', status: 'deprecated' },
  { default_settings: { range: 2, more: true } },
  schema({ range: { type: 'number', minimum: -1, maximum: 20 } }),
  schema({ range: { type: ['number', 'string'], minimum: 0, maximum: 10 } }),
  schema({ mode: { type: 'string', enum: ['fast', 'slow', 'off'] } }),
  schema({ constructor: { type: 'number', default: 1 } }, ['constructor']),
];

t.test('additions and wider ranges are not breaking', async (t) => {
  for (const change of HARMLESS) {
    const found = compareInterfaces(before, { ...before, ...change });
    t.same(
      found.filter(({ breaking }) => breaking),
      [],
      JSON.stringify(change),
    );
  }
});

t.test('first versions and unreadable code are not compared', async (t) => {
  t.same(compareInterfaces(null, before), []);
  const unread = { base_class: null, instrument_type: null, data_columns: null, data_units: null };
  t.same(compareInterfaces(before, { ...before, ...unread, position_column: null }), []);
});

t.test('a version breaks nothing compared with itself or with unknown values', async (t) => {
  const some = <T>(value: fc.Arbitrary<T>) => fc.option(value);
  const names = fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 4 });
  const settings = fc.dictionary(
    fc.constantFrom('a', 'toString', '__proto__', 'constructor'),
    fc.jsonValue() as fc.Arbitrary<Json>,
  );
  const side = fc.record({
    data_columns: some(names),
    data_units: some(names),
    settings_schema: some(settings.map((properties) => ({ properties }))),
    default_settings: some(settings),
    position_column: some(fc.constant('x')),
  });
  fc.assert(
    fc.property(side, (shape) => {
      const one = { ...before, ...shape } as Metadata & Side;
      const unknown: Metadata & Side = {
        ...before,
        data_columns: null,
        data_units: null,
        settings_schema: null,
        default_settings: null,
        position_column: null,
        position_units: null,
      };
      return (
        compareInterfaces(one, one).length === 0 && compareInterfaces(unknown, one).length === 0
      );
    }),
  );
  t.pass('held');
});
