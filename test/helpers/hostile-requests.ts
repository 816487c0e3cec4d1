/** Requests that are expensive to answer, by name: method, path below /api, and body. */

export interface Hostile {
  method: 'POST' | 'PUT';
  path: string;
  body: string;
}

const VALIDATE = '/instrument-definitions/validate';
const MEGABYTE = 1 << 20;

const validating = (source_code: string): Hostile => ({
  method: 'POST',
  path: VALIDATE,
  body: JSON.stringify({ source_code, name: 'A' }),
});

const repeat = (line: string, count = Math.floor(MEGABYTE / line.length)): string =>
  line.repeat(count);

const header = (lines: string): string => `# /// script\n${lines}# ///\n`;
const made = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('');
const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));

/** Source texts of at most 1 MiB. */
export const SOURCES: Record<string, string> = {
  newlines: repeat('\n'),
  statements: repeat('x = 1\n'),
  elif: `if x: pass\n${repeat('elif x: pass\n', 20_000)}`,
  imports: made(60_000, (i) => `import a${i}\n`),
  'tables in the header': header(made(20_000, (i) => `# [t${i}]\n`)),
  'keys in the header': header(
    `# [tool.pybirch.default-settings]\n${made(40_000, (i) => `# k${i} = ${i}\n`)}`,
  ),
  'unique items': header(
    `# [tool.pybirch]\n# settings-schema = {properties = {a = {uniqueItems = true}}}\n# default-settings = {a = [${made(100_000, (i) => `{b=${i}},`)}]}\n`,
  ),
  settings: `class A(BaseMeasurementInstrument):\n def __init__(self):\n  self._define_settings({${made(60_000, (i) => `'k${i}': ${i},`)}})\n`,
  brackets: repeat('('),
  strings: `x = ${repeat('"a" ')}`,
  classes: made(30_000, (i) => `class A${i}(A${i - 1}): pass\n`),
  attributes: `class A(BaseMeasurementInstrument):\n${made(40_000, (i) => ` a${i} = ${i}\n`)}`,
  comments: repeat('# /// script\n'),
};

/** Returns the requests. `instrument` and `definition` are ids that the account may change. */
export function hostileRequests(instrument: number, definition: number): Record<string, Hostile> {
  const changing = (change: object): Hostile => ({
    method: 'PUT',
    path: `/instrument-definitions/${definition}`,
    body: JSON.stringify(change),
  });
  const equipping = (change: object): Hostile => ({
    method: 'PUT',
    path: `/instruments/${instrument}`,
    body: JSON.stringify(change),
  });
  return {
    ...Object.fromEntries(
      Object.entries(SOURCES).map(([name, source]) => [name, validating(source)]),
    ),
    '100,000 default settings': changing({ default_settings: keys(100_000) }),
    '100,000 keys of a settings schema': changing({
      settings_schema: { properties: keys(100_000) },
    }),
    '100,000 specifications': equipping({ specifications: keys(100_000) }),
    '100,000 items': equipping({
      extra_data: { a: Array.from({ length: 100_000 }, (_, i) => [i]) },
    }),
    '40,000 unnamed properties': {
      method: 'POST',
      path: VALIDATE,
      body: JSON.stringify(keys(40_000)),
    },
    '60,000 files': changing({
      files: Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`f${i}.py`, ''])),
    }),
    '4 MB of one string': {
      method: 'POST',
      path: VALIDATE,
      body: JSON.stringify({ source_code: '\n'.repeat(2 * MEGABYTE - 40) }),
    },
  };
}
