/** What PyBirch provides to definitions: base classes, and names that need no import. */

import type { InstrumentType } from './types.ts';

/** PyBirch's own base classes. Mixins have no instrument type (null). */
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

/** The modules of the older base classes. All other base classes are in `pybirch.Instruments.base`. */
export const OLDER_MODULES: Readonly<Record<string, string>> = {
  Measurement: 'pybirch.scan.measurements',
  VisaMeasurement: 'pybirch.scan.measurements',
  Movement: 'pybirch.scan.movements',
  VisaMovement: 'pybirch.scan.movements',
};

const PYBIRCH_MODULE = /(^|\.)(pybirch(\.|$)|measurements$|movements$|base$)/;

/**
 * Whether a name means a class of PyBirch. The older names are common words, so such a name counts only if it comes
 * from a module of PyBirch. A name without a module was not imported: PyBirch provides it.
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

/**
 * The constructor parameters of PyBirch's newer base classes, in order. The parameters of the older classes are
 * unknown.
 */
export const CONSTRUCTORS: ReadonlyMap<string, readonly { name: string; required: boolean }[]> =
  new Map([
    ['BaseMeasurementInstrument', [NAME]],
    ['BaseMovementInstrument', [NAME]],
    ['VisaBaseMeasurementInstrument', VISA],
    ['VisaBaseMovementInstrument', VISA],
    ['FakeMeasurementInstrument', FAKE],
    ['FakeMovementInstrument', FAKE],
  ]);

/** Names that a definition may use without an import. */
export const PROVIDED_NAMES: readonly string[] = [
  ...['np', 'pd', 'time', 'math', 'Dict', 'List', 'Optional', 'Any', 'Type'],
  ...BASE_CLASSES.keys(),
];
