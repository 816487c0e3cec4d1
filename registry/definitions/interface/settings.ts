/** Compares the settings of two versions, because stored settings must stay valid. */
import type { Json, Metadata } from '../types.ts';
import { breaking, harmless, type InterfaceChange } from './change.ts';

type Stated = Pick<Metadata, 'settings_schema' | 'default_settings'>;

/**
 * The changes of the settings; null if the new version states no settings. A setting that was unknown before is no
 * change.
 */
export function compareSettings(before: Stated, after: Stated): InterfaceChange[] | null {
  const old = settingsOf(before);
  const now = settingsOf(after);
  if (now === null) return null;
  if (old === null) return [];
  const changes: InterfaceChange[] = [];
  for (const [name, was] of old) {
    const is = now.get(name);
    if (is === undefined) changes.push(breaking('setting', `the setting ${name} was removed`));
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

interface Setting {
  type: string | null;
  schema: { [key: string]: Json };
  hasDefault: boolean;
  required: boolean;
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

/**
 * The bounds of JSON Schema 2020-12 ("Validation", section 6.2), and whether a change excludes values that were
 * allowed.
 */
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

/**
 * The values that are not allowed any more. If there was no `enum` before, a new one excludes values that cannot be
 * listed.
 */
function lostValues(before: Json | undefined, after: Json | undefined): string[] {
  if (!Array.isArray(after)) return [];
  const now = new Set(after.map((value) => JSON.stringify(value)));
  if (!Array.isArray(before)) return ['any value'];
  return before.map((value) => JSON.stringify(value)).filter((value) => !now.has(value));
}

/** Every setting in the schema or in the defaults; null if schema and defaults are unknown. */
function settingsOf({ settings_schema, default_settings }: Stated): Map<string, Setting> | null {
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

/** Reads only the object's own properties, because a setting may be named `constructor`. */
const own = (object: { [key: string]: Json }, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

function objectOf(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function typeIn({ type }: { [key: string]: Json }): string | null {
  if (typeof type === 'string') return type;
  return Array.isArray(type) ? type.join(' or ') : null;
}

/**
 * The JSON type of a default. Null shows no type. An integer counts as `number`, because later values may be fractions.
 */
function typeOf(value: Json): string | null {
  if (value === null) return null;
  return Array.isArray(value) ? 'array' : typeof value;
}
