/**
 * What a new version means for those who use the one before: measured columns, axes and settings are what
 * bindings, stored settings and scripts depend on.
 */
import type { Json, Metadata } from './types.ts';

export interface InterfaceChange {
  kind: 'base_class' | 'instrument_type' | 'data_column' | 'unit' | 'position' | 'setting';
  breaking: boolean;
  message: string;
}

type Side = Pick<
  Metadata,
  | 'base_class'
  | 'instrument_type'
  | 'data_columns'
  | 'data_units'
  | 'position_column'
  | 'position_units'
  | 'settings_schema'
  | 'default_settings'
>;

/**
 * Nothing is compared with a first version. What was not known is not called a change; what was known and is not
 * stated any more is, unless the new code cannot be read at all (it has no base class then).
 */
export function compareInterfaces(before: Side | null, after: Side): InterfaceChange[] {
  if (before === null) return [];
  return [
    ...replaced('base_class', 'base class', before.base_class, after.base_class),
    ...replaced(
      'instrument_type',
      'instrument type',
      before.instrument_type,
      after.instrument_type,
    ),
    ...columns(before, after),
    ...position(before, after),
    ...settings(before, after),
  ];
}

const breaking = (kind: InterfaceChange['kind'], message: string): InterfaceChange => ({
  kind,
  breaking: true,
  message,
});
const harmless = (kind: InterfaceChange['kind'], message: string): InterfaceChange => ({
  kind,
  breaking: false,
  message,
});

/** Whether what is null now was known before and has gone. */
const lost = (before: unknown, after: Side): boolean =>
  before !== null && after.base_class !== null;

const unstated = (kind: InterfaceChange['kind'], what: string): InterfaceChange =>
  breaking(kind, `the ${what} not stated any more`);

function replaced(
  kind: InterfaceChange['kind'],
  what: string,
  before: string | null,
  after: string | null,
): InterfaceChange[] {
  if (before === null || after === null || before === after) return [];
  return [breaking(kind, `the ${what} was ${before} and is ${after}`)];
}

function position(before: Side, after: Side): InterfaceChange[] {
  if (after.position_column === null) {
    return lost(before.position_column, after) ? [unstated('position', 'position column is')] : [];
  }
  const gone = after.position_units === null && lost(before.position_units, after);
  return [
    ...replaced('position', 'position column', before.position_column, after.position_column),
    ...replaced('unit', 'unit of the position', before.position_units, after.position_units),
    ...(gone ? [unstated('unit', 'unit of the position is')] : []),
  ];
}

/** Data is stored by the order of columns, so a column that moves is as bad as one that goes. */
function columns(before: Side, after: Side): InterfaceChange[] {
  const old = before.data_columns;
  const now = after.data_columns;
  if (now === null) return lost(old, after) ? [unstated('data_column', 'data columns are')] : [];
  if (old === null) return [];
  const changes: InterfaceChange[] = [];
  for (const [i, name] of old.entries()) {
    const at = now[i] === name ? i : now.indexOf(name);
    if (at < 0) changes.push(breaking('data_column', `the column ${name} is gone`));
    else if (at !== i) {
      changes.push(
        breaking('data_column', `the column ${name} was number ${i + 1} and is number ${at + 1}`),
      );
    }
    const unit = [before.data_units?.[i], at < 0 ? undefined : after.data_units?.[at]];
    if (unit[0] !== undefined && unit[1] !== undefined && unit[0] !== unit[1]) {
      changes.push(breaking('unit', `the unit of ${name} was ${unit[0]} and is ${unit[1]}`));
    }
  }
  if (after.data_units === null && lost(before.data_units, after)) {
    changes.push(unstated('unit', 'units of the data columns are'));
  }
  const added = now.filter((name) => !old.includes(name));
  return [...changes, ...added.map((name) => harmless('data_column', `the column ${name} is new`))];
}

interface Setting {
  type: string | null;
  schema: { [key: string]: Json };
  hasDefault: boolean;
  required: boolean;
}

function settings(before: Side, after: Side): InterfaceChange[] {
  const old = settingsOf(before);
  const now = settingsOf(after);
  if (now === null) return lost(old, after) ? [unstated('setting', 'settings are')] : [];
  if (old === null) return [];
  const changes: InterfaceChange[] = [];
  for (const [name, was] of old) {
    const is = now.get(name);
    if (is === undefined) changes.push(breaking('setting', `the setting ${name} is gone`));
    else changes.push(...settingChanges(name, was, is));
  }
  for (const [name, { required, hasDefault }] of now) {
    if (old.has(name)) continue;
    changes.push(
      required && !hasDefault
        ? breaking('setting', `the setting ${name} is new, required and without a default`)
        : harmless('setting', `the setting ${name} is new`),
    );
  }
  return changes;
}

function settingChanges(name: string, was: Setting, is: Setting): InterfaceChange[] {
  if (was.type !== null && is.type !== null && !accepts(is.type, was.type)) {
    return [
      breaking('setting', `the setting ${name} was of type ${was.type} and is of type ${is.type}`),
    ];
  }
  const changes: InterfaceChange[] = [];
  if (is.required && !was.required && !is.hasDefault) {
    changes.push(breaking('setting', `the setting ${name} is required now and has no default`));
  }
  const lost = lostValues(was.schema.enum, is.schema.enum);
  if (lost.length > 0) {
    changes.push(
      breaking('setting', `the setting ${name} does not take ${lost.join(', ')} any more`),
    );
  }
  for (const [bound, tighter] of BOUNDS) {
    const [a, b] = [was.schema[bound], is.schema[bound]];
    if (typeof b === 'number' && (typeof a !== 'number' || tighter(b, a))) {
      const from = typeof a === 'number' ? `${a}` : 'none';
      changes.push(
        breaking('setting', `the ${bound} of the setting ${name} was ${from} and is ${b}`),
      );
    }
  }
  return changes;
}

/** JSON Schema 2020-12, "Validation", section 6.2: what shuts out values that were let in. */
const BOUNDS: [string, (now: number, before: number) => boolean][] = [
  ['minimum', (now, before) => now > before],
  ['exclusiveMinimum', (now, before) => now > before],
  ['maximum', (now, before) => now < before],
  ['exclusiveMaximum', (now, before) => now < before],
];

function accepts(now: string, before: string): boolean {
  const wide = new Set(now.split(' or '));
  return before
    .split(' or ')
    .every((type) => wide.has(type) || (type === 'integer' && wide.has('number')));
}

/** Values that were allowed and are not; a list where none was names no values, but shuts out the rest. */
function lostValues(before: Json | undefined, after: Json | undefined): string[] {
  if (!Array.isArray(after)) return [];
  const now = new Set(after.map((value) => JSON.stringify(value)));
  if (!Array.isArray(before)) return ['any value'];
  return before.map((value) => JSON.stringify(value)).filter((value) => !now.has(value));
}

/** Every setting that the schema or the defaults name; null where neither is known. */
function settingsOf({ settings_schema, default_settings }: Side): Map<string, Setting> | null {
  if (settings_schema === null && default_settings === null) return null;
  const found = new Map<string, Setting>();
  const properties = objectOf(settings_schema?.properties);
  const required = Array.isArray(settings_schema?.required) ? settings_schema.required : [];
  for (const name of new Set([
    ...Object.keys(properties),
    ...Object.keys(default_settings ?? {}),
  ])) {
    const schema = objectOf(own(properties, name));
    const value = own(default_settings ?? {}, name);
    found.set(name, {
      schema,
      type: typeIn(schema) ?? (value === undefined ? null : typeOf(value)),
      hasDefault: schema.default !== undefined || value !== undefined,
      required: required.includes(name),
    });
  }
  return found;
}

/** A setting may be called `constructor`. */
const own = (object: { [key: string]: Json }, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

function objectOf(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function typeIn({ type }: { [key: string]: Json }): string | null {
  if (typeof type === 'string') return type;
  return Array.isArray(type) ? type.join(' or ') : null;
}

/** A default of null says nothing of the type; whole numbers stand for any number. */
function typeOf(value: Json): string | null {
  if (value === null) return null;
  return Array.isArray(value) ? 'array' : typeof value;
}
