/** Which attributes the instances of a class have after construction, as far as the code shows. */

import type { ClassAt, Classes } from './classes.ts';
import { factsOf } from './instance/facts.ts';
import { Instance } from './instance/instance.ts';
import { toJson, type Value } from './instance/values.ts';
import type { Module, Statement } from './syntax.ts';
import type { Json } from './types.ts';

/** The attributes that describe an instrument. */
export const DESCRIBING = [
  'data_columns',
  'data_units',
  'position_column',
  'position_units',
] as const;

export interface Described {
  /**
   * The value of each attribute: null if the code states no value, undefined if only running the code would show the
   * value.
   */
  readonly values: Readonly<Record<(typeof DESCRIBING)[number], Json | undefined>>;
  /** The default settings: null if the code states no settings, undefined if the settings cannot be determined. */
  readonly settings: { [key: string]: Json } | null | undefined;
  /**
   * The default of each setting by name; undefined if the default is unknown. The map is null if even the names of the
   * settings are unknown.
   */
  readonly keys: ReadonlyMap<string, Json | undefined> | null;
}

/**
 * Describes the instances of a class by reading its constructor. A value is unknown if it depends on a branch, on
 * arguments, or on code that runs later.
 */
export function describeInstances(
  classes: Classes,
  found: ClassAt,
  modules: Iterable<Module>,
): Described {
  const facts = factsOf(modules);
  const lines = classes.lines(found);
  const all = (lines ?? []).map((line) => described(new Instance(classes, line, facts)));
  const [first, ...more] = all;
  if (!first) return NOTHING;
  return more.reduce(common, first);
}

const NOTHING: Described = {
  values: {
    data_columns: undefined,
    data_units: undefined,
    position_column: undefined,
    position_units: undefined,
  },
  settings: undefined,
  keys: null,
};

function described(instance: Instance): Described {
  const settings = instance.settings();
  const keys = settings && keysOf(settings, instance);
  const known = keys && [...keys.values()].every((one) => one !== undefined);
  return {
    values: {
      data_columns: stated(instance.read('data_columns')),
      data_units: stated(instance.read('data_units')),
      position_column: stated(instance.read('position_column')),
      position_units: stated(instance.read('position_units')),
    },
    settings:
      settings === null
        ? null
        : known
          ? (Object.fromEntries(keys) as { [key: string]: Json })
          : undefined,
    keys,
  };
}

/** Turns an empty value into null: PyBirch's own constructors set empty values if a class states none. */
function stated(value: Value | null): Json | undefined {
  const json = value && toJson(value);
  return json === '' || (Array.isArray(json) && json.length === 0) ? null : json;
}

function keysOf(settings: Value, instance: Instance): Map<string, Json | undefined> | null {
  if (settings.kind !== 'dict' || settings.spoiled) return null;
  const keys = new Map<string, Json | undefined>();
  for (const { key, value } of settings.entries.values()) {
    if (key.kind !== 'str') return null;
    keys.set(key.value, instance.isChanged(key.value, value) ? undefined : toJson(value));
  }
  return keys;
}

function common(a: Described, b: Described): Described {
  const same = <T>(x: T, y: T): T | undefined =>
    JSON.stringify(x) === JSON.stringify(y) ? x : undefined;
  const both = (name: (typeof DESCRIBING)[number]) => same(a.values[name], b.values[name]);
  return {
    values: {
      data_columns: both('data_columns'),
      data_units: both('data_units'),
      position_column: both('position_column'),
      position_units: both('position_units'),
    },
    settings: same(a.settings, b.settings),
    keys: a.keys && b.keys && same([...a.keys], [...b.keys]) ? a.keys : null,
  };
}

/** Whether one of the classes defines a method or property of this name. */
export function defines(classes: readonly ClassAt[], name: string): boolean {
  return classes.some(({ statement }) => bindsIn(statement.body, name));
}

function bindsIn(body: readonly Statement[], name: string): boolean {
  return body.some(
    (one) =>
      ((one.kind === 'function' || one.kind === 'class') && one.name === name) ||
      (one.kind === 'block' && one.bodies.some((inner) => bindsIn(inner, name))),
  );
}
