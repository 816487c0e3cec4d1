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

/** Names that a definition may use without importing them. */
export const PROVIDED_NAMES: readonly string[] = [
  ...['np', 'pd', 'time', 'math', 'Dict', 'List', 'Optional', 'Any', 'Type'],
  ...BASE_CLASSES.keys(),
];
