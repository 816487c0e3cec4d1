/** Names that look alike. The letters come from Unicode's confusables.txt. */
import fc from 'fast-check';
import t from 'tap';
import { drawing, drawnPlainly, misleadingSpelling } from '../../text/alike.ts';

t.test('two accepted names never look alike', async (t) => {
  const alike = {
    PC1: ['РС1', 'ＰＣ1', 'PС1', 'Ρ\u{216D}1', 'ꓑꓚ1', '𝐏𝐂1'],
    'ЛАБ-1': ['ЛAБ-1', 'ЛАБ-１'],
    lab: ['lаb', 'ｌab'],
  };
  for (const [name, others] of Object.entries(alike)) {
    t.equal(misleadingSpelling(name), null, name);
    for (const other of others) t.type(misleadingSpelling(other), 'string', other);
  }
  for (const name of [
    'Zürich-2',
    '測定-1',
    'Δf',
    'Лаборатория',
    'МИСиС-1',
    'Łódź',
    'lab 7.a_b',
    'ラボ',
    'Τμήμα-ΘΦ',
  ]) {
    t.equal(misleadingSpelling(name), null, `${name} is a good name`);
  }
  t.match(misleadingSpelling('РС1'), /has РС1, which looks like PC1 and is not: write PC1/);
  t.match(misleadingSpelling('ＰC1'), /has Ｐ \(U\+FF30\), a form of P: write PC1/);
  t.match(misleadingSpelling('Лaб'), /mixes letters of two alphabets in Лaб/);
});

t.test(
  'the skeleton of plain text is the text, and applying it twice changes nothing',
  async () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const plain = drawnPlainly(text);
        return drawnPlainly(plain) === plain && drawing(plain) === drawing(text);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => drawnPlainly(text) === text),
    );
  },
);

t.test('skeletons ignore case, accents, punctuation and characters of one shape', async (t) => {
  for (const other of [
    'LASERS',
    'Lаsers',
    'Laserѕ',
    'Iasers',
    '1asers',
    'L a s e r s',
    'Las-ers',
    'Laśers',
    'ꓡasers',
    'Lasers.',
  ]) {
    t.equal(drawing(other), drawing('Lasers'), other);
  }
  for (const other of ['Laser', 'Masers', 'Lasers 2'])
    t.not(drawing(other), drawing('Lasers'), other);
  t.equal(drawing('-'), '');
});
