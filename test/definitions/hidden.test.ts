/**
 * "Trojan Source" (CVE-2021-42574): the flaw is text that reviewers read differently from Python. Verified: each place
 * with such text causes a warning with line and column. Text that labs ordinarily write causes no warning.
 */
import t from 'tap';
import { checkPaths } from '../../registry/definitions/names.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { codePointOf } from '../../text/hidden.ts';
import { measurement } from '../helpers/registry.ts';

const POLICY = { banned: [], allowed: [] };
const encode = (text: string) => new TextEncoder().encode(text);

/** Warnings about hidden and lookalike characters, as `file:line:column code`. */
function warningsFor(text: string, more: Record<string, string> = {}) {
  const files = new Map([['Meter.py', encode(`${measurement('Meter')}${text}`)]]);
  for (const [path, content] of Object.entries(more)) files.set(path, encode(content));
  const { warnings, errors } = validateDefinition('Meter', files, POLICY);
  t.same(errors, []);
  const first = measurement('Meter').split('\n').length - 1;
  return warnings
    .filter(({ code }) => code === 'hidden-character' || code === 'look-alike')
    .map(({ file, line, column, code }) =>
      file === undefined
        ? `${line - first}:${column} ${code}`
        : `${file}:${line}:${column} ${code}`,
    );
}

t.test('characters that reverse, hide or end lines cause warnings with their place', async (t) => {
  // A comment that seems to end before the code in it. The Trojan Source paper calls this attack "commenting-out".
  t.same(warningsFor('\n# \u202e } \u2066if admin\u2069 \u2066 begin\n'), [
    '2:3 hidden-character',
    '2:7 hidden-character',
    '2:16 hidden-character',
    '2:18 hidden-character',
  ]);
  for (const hidden of '\u200b\u200d\u2060\ufeff\u00ad\u3164\u{e0041}\u2028\u0085\x1b\x08\x7f') {
    t.same(warningsFor(`\nx = "a${hidden}b"\n`), ['2:7 hidden-character'], codePointOf(hidden));
  }
});

t.test('helper modules and text files are checked, data files are not', async (t) => {
  const more = {
    'driver.py': 'x = "\u202e"\n',
    'README.md': '# a\n\u200bb\n',
    'data.bin': '\0\x1b',
  };
  t.same(warningsFor('', more), [
    'driver.py:1:6 hidden-character',
    'README.md:2:1 hidden-character',
  ]);
});

t.test('byte order marks, page breaks, emoji and units cause no warning', async (t) => {
  t.same(warningsFor('\n\f\nx = "5 µV/√Hz 50 Ω ⚠️ 👩‍🔬 می‌خواهم"  # 10\u202fmV\r\n'), []);
  const files = new Map([['Meter.py', encode(`\ufeff${measurement('Meter')}`)]]);
  t.same(validateDefinition('Meter', files, POLICY).warnings, []);
});

t.test('names that look like others cause warnings', async (t) => {
  const looks = {
    'full-width letters': ['\nimport mat\uff48\n', '2:8 look-alike'],
    'mathematical letters': ['\nx = \u{1d429}rint\n', '2:5 look-alike'],
    'a ligature': ['\nde\ufb01ned = 1\n', '2:1 look-alike'],
    'Cyrillic in a Latin word': ['\nv\u043eltage = 1\n', '2:1 look-alike'],
    'a Greek capital in a Latin word': ['\nprint_\u0391mps = 1\n', '2:1 look-alike'],
    'another alphabet alone, beside its twin': ['\nx = 1\n\u0445 = 2\n', '3:1 look-alike'],
    'a built-in in another alphabet': ['\n\u0440\u043e\u0455 = 1\npos = 2\n', '2:1 look-alike'],
    'an attribute': ['\nself = 1\nself.\u0430bs = 2\n', '3:6 look-alike'],
  } satisfies Record<string, [string, string]>;
  for (const [what, [text, place]] of Object.entries(looks))
    t.same(warningsFor(text), [place], what);
});

t.test('names in other alphabets and of physics cause no warning', async (t) => {
  t.same(
    warningsFor(
      '\nµV = Δf = λ_nm = ρ_xx = Ω = Å = ℏ = θ = ν = σx = αβ = 1\nT_среднее = U_вых = 測定値_x = größe = kısa = 1\n',
    ),
    [],
  );
});

t.test('hidden characters in names of the header are refused', async (t) => {
  const header = (line: string) =>
    `# /// script\n# [tool.pybirch]\n# ${line}\n# ///\n${measurement('Meter')}`;
  for (const line of [
    'display-name = "a\u202eb"',
    'display-name = "a\\u202Eb"',
    'display-name = "a\\nb"',
    'category = "\\u001b[2J"',
    'manufacturer = "a\u200bb"',
    'description = "a\\u202Eb"',
    'data-columns = ["b\u200b"]',
    'position-units = "\u3164"',
    'dependencies = ["numpy\u200b"]',
  ]) {
    const text = line.startsWith('dep')
      ? header('').replace('# [tool', `# ${line}\n# [tool`)
      : header(line);
    const { errors } = validateDefinition('Meter', new Map([['Meter.py', encode(text)]]), POLICY);
    const places = errors.map(({ line, code }) => `${line} ${code}`);
    t.match(places.join(), /^[23] hidden-character$/, JSON.stringify(line));
  }
  const several = header('description = "a\\n\\tb ⚠️"');
  t.same(validateDefinition('Meter', new Map([['Meter.py', encode(several)]]), POLICY).errors, []);
});

t.test('file names with hidden characters are refused', async (t) => {
  for (const hidden of '\u202e\u200b\u2066\ufeff\u00ad\u3164\u{e0041}\x1b\x9b\u2028') {
    t.match(checkPaths([`tests/a${hidden}b.py`])[0]?.message, codePointOf(hidden));
  }
  t.same(checkPaths(['µV/größe 10\u202fmV.csv', '測定.py']), []);
});
