/** Hidden characters: all that Unicode classifies as invisible, and none that people need for writing. */
import t from 'tap';
import {
  describeHidden,
  findHidden,
  HIDDEN_IN_CODE,
  HIDDEN_IN_LINE,
  HIDDEN_IN_PROSE,
  visible,
  visibleLine,
} from '../../text/hidden.ts';

const hiddenIn = (kind: RegExp, text: string) =>
  findHidden(text, kind).map(({ character }) => character);

/** Yields every code point of Unicode. */
function* everyCodePoint(): Generator<string> {
  for (let code = 0; code <= 0x10ffff; code++) yield String.fromCodePoint(code);
}

t.test('between letters, exactly the invisible code points of Unicode are hidden', async (t) => {
  const [missed, wrong]: [string[], string[]] = [[], []];
  for (const character of everyCodePoint()) {
    const isHidden = hiddenIn(HIDDEN_IN_LINE, `a${character}b`).length > 0;
    const mustBe =
      /[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u.test(character);
    const mayNotBe = /[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\p{Co}]/u.test(character) && !mustBe;
    if (mustBe && !isHidden) missed.push(describeHidden(character));
    if (mayNotBe && isHidden) wrong.push(describeHidden(character));
  }
  t.same(missed, []);
  t.same(wrong, ['U+2800 (blank Braille pattern)', 'U+1D159 (invisible character)']);
});

t.test('text that labs and people write is not hidden', async (t) => {
  for (const text of [
    'Lock-in 5 µV/√Hz, 50 Ω, 10 Å, −4 °C, λ½, 3 × 10⁻⁹',
    '10\u202fmV, 20\u00a0°C, 表\u3000示',
    'Gerät, naïve, Ångström, Łódź, Đặng, ﬁ',
    'السلام عليكم',
    'שלום',
    'می‌خواهم',
    'क्‍ष',
    '測定器、葛\u{E0100}城',
    'ок ⚠️ ❤️ 1️⃣ 👩‍🔬 👩🏽‍🔬 🏳️‍🌈 👍🏽',
  ]) {
    t.same(hiddenIn(HIDDEN_IN_LINE, text), [], text);
    t.equal(visibleLine(text), text);
  }
});

t.test('characters that are ordinary in emoji and some scripts are hidden elsewhere', async (t) => {
  for (const text of [
    'SR\u200d830',
    'SR830\ufe0f',
    '1\ufe0f2',
    'a\u200cb',
    'a\u{E0100}',
    'x\u180b',
  ]) {
    t.equal(hiddenIn(HIDDEN_IN_LINE, text).length, 1, visibleLine(text));
  }
});

t.test('lines, prose and code differ only in line ends', async (t) => {
  t.same(hiddenIn(HIDDEN_IN_PROSE, 'a\tb\nc\r\nd'), []);
  t.same(
    hiddenIn(HIDDEN_IN_PROSE, 'a\rb\fc'),
    ['\r', '\f'],
    'a lone CR overwrites the line in a terminal',
  );
  t.same(hiddenIn(HIDDEN_IN_LINE, 'a\tb\nc\rd'), ['\t', '\n', '\r']);
  t.same(hiddenIn(HIDDEN_IN_CODE, 'a\tb\nc\r\nd\re\f\x1b'), ['\x1b']);
});

t.test('hidden characters are escaped once', async (t) => {
  t.equal(
    visible('\x1b[31mred\u202e\ttab\nnext\ud800'),
    '<U+001B>[31mred<U+202E>\ttab\nnext<U+D800>',
  );
  t.equal(visibleLine('a\nb'), 'a<U+000A>b');
  t.equal(visible(visible('\u009b2J')), visible('\u009b2J'));
  t.equal(describeHidden('\u202e'), 'U+202E (right-to-left override)');
  t.equal(describeHidden('\u{E0041}'), 'U+E0041 (tag character)');
});
