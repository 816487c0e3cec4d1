import fc from 'fast-check';
import t from 'tap';
import { DefinitionError } from '../../registry/definitions/errors.ts';
import { savedBytes } from '../../registry/definitions/files.ts';
import { decodeSource, encodeSource } from '../../registry/definitions/source.ts';

const COOKIES = ['utf-8', 'latin-1', 'iso-8859-15', 'cp1252', 'cp1251', 'koi8-r', 'cp866', 'ascii'];

/** Lines of arbitrary bytes with any line ends. Most files have an encoding cookie, and some have a byte order mark. */
const files = fc
  .record({
    bom: fc.boolean(),
    cookie: fc.option(fc.constantFrom(...COOKIES)),
    lines: fc.array(
      fc.tuple(
        fc.oneof(
          fc.uint8Array({ maxLength: 20 }),
          fc.string({ unit: 'grapheme' }).map((text) => new TextEncoder().encode(text)),
        ),
        fc.constantFrom('\n', '\r\n', '\r', '\f', ''),
      ),
      { maxLength: 8 },
    ),
  })
  .map(({ bom, cookie, lines }) =>
    Buffer.concat([
      Buffer.from(bom ? '\ufeff' : ''),
      Buffer.from(cookie === null ? '' : `# coding: ${cookie}\n`),
      ...lines.flatMap(([bytes, end]) => [bytes, Buffer.from(end)]),
    ]),
  );

t.test('a readable file is written back byte for byte in any encoding', async (t) => {
  let read = 0;
  fc.assert(
    fc.property(files, (bytes) => {
      let source: ReturnType<typeof decodeSource>;
      try {
        source = decodeSource(bytes);
      } catch (error) {
        return error instanceof DefinitionError && error.code === 'undecodable';
      }
      read++;
      return Buffer.from(encodeSource(source.text, source)).equals(bytes);
    }),
    { numRuns: 2000 },
  );
  t.ok(read > 500, `${read} of 2000 could be read`);
});

t.test('half of a surrogate pair in JSON is refused with its place', async (t) => {
  for (const path of ['A.py', 'table.csv']) {
    t.throws(() => savedBytes(path, 'x\ny = "\ud800"\n', undefined), {
      code: 'undecodable',
      diagnostics: [{ line: 2, column: 6, message: /^U\+D800 is half of a character/ }],
    });
    t.same(Buffer.from(savedBytes(path, '"\ud83d\ude00"', undefined)).toString(), '"\u{1f600}"');
  }
});
