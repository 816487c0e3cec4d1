/** Compares requirements and version specifiers with pip's own library. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { isRequirement, isSpecifier } from '../../registry/definitions/requirements.ts';
import { pythonWith, SCHEMATHESIS } from '../helpers/python.ts';

const SCRIPT = `
import json, sys
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
def takes(kind, text):
    try:
        kind(text)
        return True
    except (InvalidRequirement, InvalidSpecifier):
        return False
asked = json.load(sys.stdin)
json.dump([[takes(SpecifierSet, one) for one in asked[0]], [takes(Requirement, one) for one in asked[1]]], sys.stdout)
`;

const SPECIFIERS = [
  ...['3', '3.9', '', '*', '^3.9', '~3.9', '=>3.9', '>=3.9 <4', '>=3.9;', '>=3.9,', ',>=3'],
  ...['>=3.9', '>=3.9,<4', '>= 3.9 , <4', '~=3.9', '~=3', '==3.*', '>3.9.*', '===any', '==1!2.0'],
];
const REQUIREMENTS = [
  ...['not a req !!', '', '-e .', './local', 'git+https://host/x', 'numpy=1', 'numpy>1 <2', 'é'],
  ...['numpy[', 'numpy[]', 'numpy [a]', 'numpy (>=1)', 'numpy;', 'numpy # why', 'x_', 'x-', '_x'],
  ...['numpy; foo=="x"', "numpy; 'a' == 'b'", 'numpy; python_version', 'name@http://host'],
  ...['name @ file:///a b', 'numpy @ https://host/a.whl ; os_name=="nt"', 'numpy===any'],
];

const version = fc.constantFrom(
  '1',
  '1.0',
  '3.9.*',
  '2.0a1',
  '1!2',
  '1.0.dev',
  '3.x',
  'v3',
  '1+a',
  '',
);
const operator = fc.constantFrom('>=', '<', '==', '!=', '~=', '===', '>', '=', '^', ' >= ');
const specifier = fc
  .array(fc.tuple(operator, version), { maxLength: 3 })
  .chain((parts) =>
    fc
      .constantFrom(',', ' , ', ' ')
      .map((between) => parts.map((one) => one.join('')).join(between)),
  );
const value = fc.constantFrom(
  'python_version',
  'os_name',
  'os.name',
  '"3.9"',
  "'nt'",
  'extra',
  'foo',
  '3',
);
const comparison = fc
  .tuple(value, fc.constantFrom('==', '<', ' in ', ' not in ', ' not  in ', '=', '~='), value)
  .map((parts) => parts.join(''));
const marker = fc
  .array(fc.tuple(comparison, fc.constantFrom(' and ', ' or ', ' ', ') and (')), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((parts) => {
    const text = parts
      .map(([one, join], at) => (at + 1 < parts.length ? one + join : one))
      .join('');
    return fc.constantFrom(text, `(${text})`, `(${text}`);
  });
const requirement = fc
  .tuple(
    fc.constantFrom('numpy', 'a.b-c', 'x', 'A1', '-x', 'x.', 'two words'),
    fc.constantFrom('', '[a]', '[a,b-c]', ' [ a , b ]', '[a b]', '[]', '[-a]'),
    fc.oneof(
      specifier,
      specifier.map((one) => `(${one})`),
      fc.constantFrom(' @ https://h/x', '@x ', ' @'),
    ),
    fc.oneof(
      fc.constant(''),
      marker.map((one) => `;${one}`),
      marker.map((one) => ` ; ${one}`),
    ),
  )
  .map((parts) => parts.join(''));

t.test('requirements and specifiers are valid exactly if pip accepts them', async (t) => {
  const sample = { numRuns: 2000, seed: 20261130 };
  const specifiers = [...SPECIFIERS, ...fc.sample(specifier, sample)];
  const requirements = [...REQUIREMENTS, ...fc.sample(requirement, sample)];
  const python = await pythonWith(SCHEMATHESIS);
  const input = JSON.stringify([specifiers, requirements]);
  const [takenSpecifiers, takenRequirements] = JSON.parse(
    execFileSync(python, ['-I', '-c', SCRIPT], { input, encoding: 'utf8' }),
  );
  for (const [texts, taken, judge] of [
    [specifiers, takenSpecifiers, isSpecifier],
    [requirements, takenRequirements, isRequirement],
  ] as const) {
    const wrong = texts.filter((text, at) => judge(text) !== taken[at]);
    t.strictSame([...new Set(wrong)].slice(0, 20), [], judge.name);
    t.ok(taken.filter(Boolean).length > 100, 'many samples are valid');
  }
});
