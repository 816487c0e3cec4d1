/** What PyBirch gives to a definition: base classes, and names that are there without an import. */

import type { InstrumentType } from './types.ts';

/** PyBirch's own base classes; the mixins decide nothing and stand for null. */
export const BASE_CLASSES: ReadonlyMap<string, InstrumentType | null> = new Map([
  ['BaseMeasurementInstrument', 'measurement'],
  ['VisaBaseMeasurementInstrument', 'measurement'],
  ['FakeMeasurementInstrument', 'measurement'],
  ['Measurement', 'measurement'],
  ['VisaMeasurement', 'measurement'],
  ['BaseMovementInstrument', 'movement'],
  ['VisaBaseMovementInstrument', 'movement'],
  ['FakeMovementInstrument', 'movement'],
  ['Movement', 'movement'],
  ['VisaMovement', 'movement'],
  ['InstrumentSettingsMixin', null],
  ['SimulatedDelay', null],
]);

/** The older ones by module; the others stand in `pybirch.Instruments.base`. */
export const OLDER_MODULES: Readonly<Record<string, string>> = {
  Measurement: 'pybirch.scan.measurements',
  VisaMeasurement: 'pybirch.scan.measurements',
  Movement: 'pybirch.scan.movements',
  VisaMovement: 'pybirch.scan.movements',
};

const PYBIRCH_MODULE = /(^|\.)(pybirch(\.|$)|measurements$|movements$|base$)/;

/**
 * Whether a class of this name is PyBirch's. The older names are common words: from a module that is not
 * PyBirch's by its name they mean something else. Without a module the name is one that is provided.
 */
export function isPybirch(name: string, module?: string): boolean {
  if (!BASE_CLASSES.has(name)) return false;
  return module === undefined || !Object.hasOwn(OLDER_MODULES, name) || PYBIRCH_MODULE.test(module);
}

const NAME = { name: 'name', required: true };
const VISA = [
  NAME,
  { name: 'adapter', required: false },
  { name: 'instrument_class', required: false },
];
const FAKE = [NAME, { name: 'wait', required: false }];

/** What the constructors of these take, each by position or by name; of the older ones it is not known. */
export const CONSTRUCTORS: ReadonlyMap<string, readonly { name: string; required: boolean }[]> =
  new Map([
    ['BaseMeasurementInstrument', [NAME]],
    ['BaseMovementInstrument', [NAME]],
    ['VisaBaseMeasurementInstrument', VISA],
    ['VisaBaseMovementInstrument', VISA],
    ['FakeMeasurementInstrument', FAKE],
    ['FakeMovementInstrument', FAKE],
  ]);

/** Names that a definition may use without importing them. */
export const PROVIDED_NAMES: readonly string[] = [
  ...['np', 'pd', 'time', 'math', 'Dict', 'List', 'Optional', 'Any', 'Type'],
  ...BASE_CLASSES.keys(),
];
