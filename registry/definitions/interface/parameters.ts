/** Compares the constructor parameters of two versions, because bindings and scripts call the constructor. */
import { breaking, harmless, type InterfaceChange, type Place } from './change.ts';

/**
 * The kinds of inspect.Parameter in Python, in this order: positional-only, positional or keyword, keyword-only,
 * `*rest`, `**rest`.
 */
export type ParameterKind = 'positional' | 'either' | 'named' | 'more' | 'more_named';

export interface Parameter {
  name: string;
  kind: ParameterKind;
  /** Whether a call must pass this parameter. */
  required: boolean;
  /** The place of the parameter; null for a constructor of PyBirch. */
  at: Place | null;
}

/** The parameters of a constructor, without `self`. */
export interface Signature {
  parameters: readonly Parameter[];
  /** The place of the constructor; null for a constructor of PyBirch. */
  at: Place | null;
}

/**
 * The changes of the parameters; none if either signature is unknown. A change is breaking if an existing call fails or
 * means something else.
 */
export function compareSignatures(
  before: Signature | null,
  after: Signature | null,
): InterfaceChange[] {
  if (before === null || after === null) return [];
  const [old, now] = [shapeOf(before), shapeOf(after)];
  const changes: InterfaceChange[] = [];
  const renamed = new Set<string>();
  for (const was of old.named.values()) {
    const is = now.named.get(was.name);
    if (is) {
      changes.push(...compareParameter(was, is, old, now));
      continue;
    }
    const place = old.places.indexOf(was.name);
    const successor = now.places[place];
    if (successor !== undefined && !old.named.has(successor)) {
      renamed.add(successor);
      const { at, required } = now.named.get(successor) as Parameter;
      if (was.kind === 'positional') {
        if (required && !was.required) changes.push(demanded(successor, at));
        continue;
      }
      const message = `the constructor's parameter ${was.name} is called ${successor} now`;
      changes.push(breaking('parameter', message, at));
    } else if (
      (was.kind !== 'named' && !now.takes('more')) ||
      (was.kind !== 'positional' && !now.takes('more_named'))
    ) {
      changes.push(
        breaking('parameter', `the constructor's parameter ${was.name} was removed`, after.at),
      );
    }
  }
  for (const kind of ['more', 'more_named'] as const) {
    if (!old.takes(kind) || now.takes(kind)) continue;
    const what = kind === 'more' ? 'further arguments' : 'further named arguments';
    changes.push(breaking('parameter', `the constructor does not take ${what} any more`, after.at));
  }
  for (const { name, required, kind, at } of now.named.values()) {
    if (old.named.has(name) || renamed.has(name)) continue;
    const message = `the constructor's parameter ${name} is new`;
    if (required) changes.push(breaking('parameter', `${message} and has no default`, at));
    else if (kind !== 'named' && old.takes('more')) {
      changes.push(
        breaking(
          'parameter',
          `${message} and takes the value that existing calls pass as a further argument`,
          at,
        ),
      );
    } else changes.push(harmless('parameter', message, at));
  }
  return changes;
}

/** Compares a parameter that both versions have. */
function compareParameter(
  was: Parameter,
  is: Parameter,
  old: Shape,
  now: Shape,
): InterfaceChange[] {
  const { name, at } = is;
  const say = (what: string) =>
    breaking('parameter', `the constructor's parameter ${name} ${what}`, at);
  const changes: InterfaceChange[] = [];
  const [from, to] = [old.places.indexOf(name), now.places.indexOf(name)];
  const displaced = old.places[to] ?? (old.takes('more') ? 'a further argument' : undefined);
  if (from < 0 && to >= 0 && displaced !== undefined) {
    changes.push(say(`takes the place of ${displaced}`));
  }
  if (from >= 0 && to < 0) changes.push(say('can now be given only by name'));
  if (from >= 0 && to >= 0 && from !== to)
    changes.push(say(`was number ${from + 1} and is number ${to + 1}`));
  if (was.kind !== 'positional' && is.kind === 'positional') {
    changes.push(say('cannot be given by name any more'));
  }
  if (is.required && !was.required) changes.push(demanded(name, at));
  return changes;
}

const demanded = (name: string, at: Place | null): InterfaceChange =>
  breaking('parameter', `the constructor's parameter ${name} has no default any more`, at);

type Shape = ReturnType<typeof shapeOf>;

function shapeOf({ parameters }: Signature) {
  const each = parameters.filter(({ kind }) => kind !== 'more' && kind !== 'more_named');
  return {
    /** Parameters other than `*rest` and `**rest`, by name. */
    named: new Map(each.map((one) => [one.name, one])),
    /** The names of parameters that can be passed by position, in order. */
    places: each.filter(({ kind }) => kind !== 'named').map(({ name }) => name),
    takes: (kind: ParameterKind) => parameters.some((one) => one.kind === kind),
  };
}
