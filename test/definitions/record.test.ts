/** Records and states survive a round trip with any text that people write into them. */
import fc from 'fast-check';
import t from 'tap';
import {
  landingMessage,
  parseRecord,
  parseState,
  writeRecord,
  writeState,
} from '../../registry/definitions/record.ts';

const trailer = fc.constantFrom('Landed-by', 'approved-by', 'MERGE-REQUEST ', 'Override');
/** Any text, or text that resembles the registry's own trailers. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.tuple(trailer, fc.string()).map(([key, value]) => `${key}: ${value}`),
  fc.constantFrom('\n\n{"version": 9}\n', '-----BEGIN PGP SIGNATURE-----', '"}', '# comment'),
);
const person = fc.record({ id: fc.nat(), username: text, name: text, email: text });
const time = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
const count = fc.integer({ min: 1, max: 1e6 });

const record = fc.record({
  id: count,
  name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/),
  version: count,
  commit: fc.stringMatching(/^[0-9a-f]{40}$/),
  author: fc.record({ name: text, email: text }),
  landed_by: fc.option(person),
  landed_at: time,
  change_summary: text,
  approvals: fc.array(fc.record({ by: person, at: time, head: text })),
  merge_request: fc.option(count),
  overrides: fc.array(fc.record({ code: text, message: text })),
});
const verdicts = fc.dictionary(
  count.map(String),
  fc.record({ reason: text, by: fc.option(person), at: time }),
  { noNullPrototype: true },
);
const state = fc.record({
  id: count,
  name: text,
  lab: fc.option(fc.record({ id: count, code: text, name: text })),
  created_by: fc.option(person),
  created_at: time,
  updated_at: time,
  is_public: fc.boolean(),
  is_builtin: fc.boolean(),
  archived_at: fc.option(time),
  deprecated: verdicts,
  revoked: verdicts,
  reinstated: verdicts,
});

t.test('a record is read back as it was written', async (t) => {
  fc.assert(
    fc.property(record, (value) => {
      t.same(parseRecord(writeRecord(value)), value);
    }),
  );
});

t.test('a state is read back as it was written', async (t) => {
  fc.assert(fc.property(state, (value) => t.same(parseState(writeState(value)), value)));
});

t.test('any other text throws a RecordError', async (t) => {
  fc.assert(
    fc.property(fc.oneof(text, fc.json()), (message) => {
      t.throws(() => parseRecord(message), { code: 'bad_record' } as never);
      t.throws(() => parseState(`[${message}`), { code: 'bad_record' } as never);
    }),
  );
});

t.test('a commit message contains the registry’s trailers and no forged ones', async (t) => {
  fc.assert(
    fc.property(fc.array(text), text, (lines, value) => {
      const message = landingMessage(lines.join('\n'), [['Landed-by', value]]);
      const reserved = message
        .split(/\r\n?|\n/)
        .filter((line) => /^(merge-request|approved-by|landed-by|override)\s*:/i.test(line));
      t.equal(reserved.length, 1);
      t.equal(reserved[0], `Landed-by: ${value.replace(/\s+/g, ' ').trim()}`);
    }),
  );
});
