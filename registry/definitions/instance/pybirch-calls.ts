/**
 * Follows calls of methods of PyBirch's base classes. The code of PyBirch is not read, so this file states the effects
 * of each method.
 */

import { BASE_CLASSES, OLDER_MODULES } from '../pybirch.ts';
import { functionNamed, HOOKS, partly } from './code.ts';
import type { Construction } from './construction.ts';
import type { Given } from './frames.ts';
import { NONE, sequence, spoil, text, UNKNOWN, type Value } from './values.ts';

/**
 * Methods of PyBirch that call no method of the instance and set none of the attributes that describe an instrument.
 */
const QUIET =
  /^(?:_delay|check_connection|columns|__base_class__|_reset_settings_to_defaults|serialize)$/;

/** Follows a call of the method `name` of the base class `base`. */
export function callPybirch(
  construction: Construction,
  base: string,
  name: string,
  given: Given,
): Value {
  if (name === '__init__') return initialise(construction, base, given);
  if (name === '_define_settings') return defineSettings(construction, given);
  if (!QUIET.test(name)) {
    doomHooks(construction);
    construction.state.forget();
  }
  return construction.state.hand(given);
}

function defineSettings({ state }: Construction, given: Given): Value {
  const [only] = [...given.positional, ...given.keywords.values()];
  const isPlain = only?.kind === 'dict' && !only.spoiled && !given.starred;
  if (!state.isSure()) spoil(only ?? UNKNOWN);
  state.settings =
    isPlain && state.isSure()
      ? { kind: 'dict', entries: new Map(only.entries), spoiled: false }
      : partly(only);
  for (const entry of only?.kind === 'dict' ? only.entries.values() : [])
    if (entry.key.kind === 'str')
      state.attributes.set(`_${entry.key.value}`, state.isSure() ? entry.value : UNKNOWN);
  return NONE;
}

function initialise({ attributes, state }: Construction, base: string, given: Given): Value {
  const type = BASE_CLASSES.get(base);
  for (const one of [...given.positional, ...given.keywords.values()])
    if (one.kind !== 'self') spoil(one);
  if (type && !Object.hasOwn(OLDER_MODULES, base))
    state.settings = state.settings && (state.isSure() ? null : UNKNOWN);
  if (type === 'measurement') {
    attributes.set('data_columns', sequence('array', []));
    attributes.set('data_units', sequence('array', []));
  }
  if (type === 'movement') {
    attributes.set('position_column', text(''));
    attributes.set('position_units', text(''));
  }
  if (/^Visa(?:Measurement|Movement)$/.test(base)) state.doomEffects('check_connection');
  return NONE;
}

/** Records the effects of the class's methods that PyBirch may call. */
function doomHooks({ line, state }: Construction): void {
  for (const hook of HOOKS)
    if (line.some((one) => one.kind === 'class' && functionNamed(one.at, hook)))
      state.doomEffects(hook);
}
