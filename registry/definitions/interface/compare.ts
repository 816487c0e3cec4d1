/**
 * Compares two versions for their users. Bindings, stored settings and scripts depend on data columns, axes, settings
 * and constructor parameters.
 */
import type { Metadata } from '../types.ts';
import { breaking, harmless, type InterfaceChange, unstated } from './change.ts';
import { compareSignatures, type Signature } from './parameters.ts';
import { compareSettings } from './settings.ts';

export type Described = Pick<
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

/** What the files of a version state. `signature` is null if the constructor parameters are unknown. */
export interface Side extends Described {
  signature: Signature | null;
}

/**
 * The changes from one version to the next. A first version has no changes. A value that was unknown before is no
 * change. A value that was known and is now missing is a change. There is no change if the new code cannot be read at
 * all, so that it has no base class.
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
    ...compareSignatures(before.signature, after.signature),
  ];
}

/** Whether a value that is null now was known before. */
const lost = (before: unknown, after: Side): boolean =>
  before !== null && after.base_class !== null;

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

/** Data is stored in the order of the columns, so moving a column breaks as much as removing one. */
function columns(before: Side, after: Side): InterfaceChange[] {
  const old = before.data_columns;
  const now = after.data_columns;
  if (now === null) return lost(old, after) ? [unstated('data_column', 'data columns are')] : [];
  if (old === null) return [];
  const changes: InterfaceChange[] = [];
  for (const [i, name] of old.entries()) {
    const at = now[i] === name ? i : now.indexOf(name);
    if (at < 0) changes.push(breaking('data_column', `the column ${name} was removed`));
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

function settings(before: Side, after: Side): InterfaceChange[] {
  const changes = compareSettings(before, after);
  if (changes !== null) return changes;
  return lost(before.settings_schema ?? before.default_settings, after)
    ? [unstated('setting', 'settings are')]
    : [];
}
