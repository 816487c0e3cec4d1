/** Compares diffs of files in several encodings with those of real git. */
import t from 'tap';
import { diffText } from '../../registry/services/content/diff-text.ts';
import { commitFiles, openFixture } from '../repos/fixture.ts';

const latin1 = (unit: string) => Buffer.from(`# coding: latin-1\nUNIT = "${unit}"\n`, 'latin1');

/** The content of each file before and after; null if the file does not exist. */
const FILES: Record<string, [before: Buffer | null, after: Buffer | null]> = {
  'Meter.py': [latin1('µV'), latin1('ÅV')],
  'recoded.py': [latin1('µV'), Buffer.from('# coding: utf-8\nUNIT = "µV"\n')],
  'größe mit leer.py': [latin1('µA'), latin1('ÅA')],
  'added.py': [null, latin1('é')],
  'deleted.py': [latin1('è'), null],
  'plain.py': [Buffer.from('UNIT = "ΩV"\n'), Buffer.from('UNIT = "Ω"\n')],
  'old.csv': [Buffer.from('µV;é\n', 'latin1'), Buffer.from('ÅV;é\n', 'latin1')],
  'table.csv': [Buffer.from('µ,1\n'), Buffer.from('µ,2\n')],
};

t.test('every line of a diff is decoded in the encoding of its file', async (t) => {
  const fixture = await openFixture();
  t.teardown(() => fixture.close());
  const repository = await fixture.repositories.create('Meter');
  const side = (at: 0 | 1) =>
    Object.fromEntries(Object.entries(FILES).map(([path, sides]) => [path, sides[at]]));
  const existing = Object.entries(side(0)).filter(([, bytes]) => bytes !== null);
  const before = await commitFiles(repository, null, Object.fromEntries(existing));
  const after = await commitFiles(repository, before, side(1));
  const text = await diffText(repository, before, after);
  for (const lines of [
    '-UNIT = "µV"\n+UNIT = "ÅV"\n',
    '-# coding: latin-1\n-UNIT = "µV"\n+# coding: utf-8\n+UNIT = "µV"\n',
    '+++ b/größe mit leer.py\t\n',
    '-UNIT = "µA"\n+UNIT = "ÅA"\n',
    '+UNIT = "é"\n',
    '-UNIT = "è"\n',
    '-UNIT = "ΩV"\n+UNIT = "Ω"\n',
    '-µ,1\n+µ,2\n',
    '-\\xb5V;\\xe9\n+\\xc5V;\\xe9\n',
  ])
    t.ok(text.includes(lines), lines);
  t.notMatch(text, '\ufffd');
  t.match(await diffText(repository, null, before), '+UNIT = "µV"\n');
});
