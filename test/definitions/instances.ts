/**
 * Compares the registry's analysis of a definition's class with a real instance of the class. Python creates the
 * instance, with the stand-in for PyBirch.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { analyse } from './analyse.ts';
import { type Layout, layout } from './layouts.ts';

const STANDIN = join(import.meta.dirname, '..', 'fixtures', 'pybirch-standin');

const ATTRIBUTES = [
  'instrument_type',
  'data_columns',
  'data_units',
  'position_column',
  'position_units',
  'default_settings',
] as const;
type Attribute = (typeof ATTRIBUTES)[number];

/**
 * The attributes of an instance. `{"odd": …}` stands for values that JSON cannot represent. Null if Python could not
 * create the instance.
 */
type Made = { [name in Attribute]?: unknown } | null;

const SCRIPT = `
import importlib, json, math, os, shutil, sys, tempfile, warnings
warnings.simplefilter('ignore')
import numpy as np
from pybirch.Instruments import base
from pybirch.scan import measurements, movements
MEASUREMENTS = (base.BaseMeasurementInstrument, measurements.Measurement)
MOVEMENTS = (base.BaseMovementInstrument, movements.Movement)

def plain(value):
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        if all(isinstance(one, str) for one in value):
            return {key: plain(one) for key, one in value.items()}
        return {'odd': repr(value)}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2 ** 53 - 1:
        return {'odd': repr(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {'odd': repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return {'odd': repr(value)}

def make(case):
    folder = tempfile.mkdtemp()
    try:
        for path, text in case['files'].items():
            with open(os.path.join(folder, path), 'w', encoding='utf-8') as file:
                file.write(text)
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        try:
            cls = getattr(importlib.import_module(case['name']), case['name'])
            thing = cls('x')
            kind = 'measurement' if issubclass(cls, MEASUREMENTS) else 'movement' if issubclass(cls, MOVEMENTS) else None
            made = {'instrument_type': kind}
            for name in ('data_columns', 'data_units', 'position_column', 'position_units'):
                if hasattr(thing, name):
                    made[name] = plain(getattr(thing, name))
            if hasattr(thing, '_settings_defaults'):
                made['default_settings'] = plain(thing.settings)
            return made
        except Exception as error:
            return None
        finally:
            sys.path.remove(folder)
            for path in case['files']:
                sys.modules.pop(path[:-3], None)
    finally:
        shutil.rmtree(folder)

sys.dont_write_bytecode = True
json.dump([make(case) for case in json.load(sys.stdin)], sys.stdout)
`;

/** Creates an instance of each class. All classes share one Python process. */
export function instances(python: string, layouts: readonly Layout[]): Made[] {
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', SCRIPT], {
    input: JSON.stringify(layouts),
    encoding: 'utf8',
    maxBuffer: 256 << 20,
    env: { ...process.env, PYTHONPATH: STANDIN, PYTHONDONTWRITEBYTECODE: '1' },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The differences between the registry and Python, and how many values the registry knew. */
export interface Comparison {
  readonly differences: {
    seed: number;
    attribute: string;
    ours: unknown;
    python: unknown;
    files: Layout['files'];
  }[];
  readonly made: number;
  readonly known: number;
  readonly all: number;
}

/**
 * Compares `count` definitions, starting with this seed. Each value that the registry knows must equal the instance's
 * value.
 */
export function compareFrom(seed: number, count: number, python: string): Comparison {
  const layouts = Array.from({ length: count }, (_, at) => layout(seed + at));
  const result = { differences: [] as Comparison['differences'], made: 0, known: 0, all: 0 };
  for (const [at, made] of instances(python, layouts).entries()) {
    const { name, files } = layouts[at] as Layout;
    if (made === null) continue;
    result.made++;
    const main = `${name}.py`;
    const siblings = new Map(Object.entries(files).filter(([path]) => path !== main));
    const info = analyse(files[main] as string, name, siblings);
    for (const attribute of ATTRIBUTES) {
      const [ours, theirs] = [info?.[attribute] ?? null, made[attribute]];
      const isEmpty = theirs === undefined || /^(?:""|\[\]|\{\})$/.test(JSON.stringify(theirs));
      if (!isEmpty) result.all++;
      if (ours === null) continue;
      if (!isEmpty) result.known++;
      if (canonical(ours) !== canonical(theirs))
        result.differences.push({ seed: seed + at, attribute, ours, python: theirs, files });
    }
  }
  return result;
}

/** JSON with sorted keys. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
