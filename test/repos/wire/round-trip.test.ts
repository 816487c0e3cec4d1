/** Every pair of writer and parser round-trips, and invalid bytes only cause a WireError. */
import fc from 'fast-check';
import t from 'tap';
import { writeAdvertisement } from '../../../repos/wire/advertisement.ts';
import { parseCommandRequest, writeCommandRequest } from '../../../repos/wire/command-request.ts';
import { WireError } from '../../../repos/wire/errors.ts';
import { parseFetchArgs, parseUploadRequest, writeFetchArgs } from '../../../repos/wire/fetch.ts';
import { parseLsRefsArgs, writeLsRefsAnswer } from '../../../repos/wire/ls-refs.ts';
import {
  DELIMITER,
  FLUSH,
  MAX_DATA,
  type Packet,
  RESPONSE_END,
  readPackets,
  writePacket,
  writePackets,
} from '../../../repos/wire/pkt-line.ts';
import { parseCommandList, parsePushOptions } from '../../../repos/wire/push.ts';
import { writeReport } from '../../../repos/wire/report.ts';
import { Band, writeSideBand } from '../../../repos/wire/side-band.ts';
import {
  parseAdvertisement,
  parseLsRefsAnswer,
  parseReport,
  parseSideBand,
  writeCommandList,
  writeLsRefsArgs,
  writePushOptions,
} from './client.ts';

const oid = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .filter((bytes) => bytes.some((byte) => byte !== 0))
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const word = fc.string({
  unit: fc.constantFrom(...'abcXYZ019-_./ü日'),
  minLength: 1,
  maxLength: 20,
});
const ref = word.map((name) => `refs/heads/${name}`);
const text = fc.string({ minLength: 1, unit: 'grapheme-ascii', maxLength: 60 });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const packet: fc.Arbitrary<Packet> = fc.oneof(
  bytes,
  fc.constantFrom(FLUSH, DELIMITER, RESPONSE_END),
);
const capabilities = fc
  .array(fc.tuple(word, fc.option(word, { nil: undefined })), { minLength: 1, maxLength: 5 })
  .map((entries) => new Map(entries));

function holds<T>(name: string, values: fc.Arbitrary<T>, roundTrip: (value: T) => unknown) {
  t.test(name, async (t) => {
    fc.assert(
      // fast-check's objects have no prototype, so the test compares a clone.
      fc.property(
        values.map((value) => structuredClone(value)),
        (value) => {
          if (!t.strictSame(roundTrip(value), value)) throw new Error('the value changed');
        },
      ),
      { numRuns: 100 },
    );
  });
}

t.test('packets are read back as written', async (t) => {
  fc.assert(
    fc.property(fc.array(packet), (packets) => {
      t.strictSame(readPackets(writePackets(packets)), packets);
    }),
  );
});
holds(
  'advertisements of refs',
  fc.record({
    service: fc.constantFrom('git-upload-pack', 'git-receive-pack'),
    version: fc.constantFrom(0, 1),
    refs: fc.array(
      fc.oneof(fc.record({ name: ref, oid }), fc.record({ name: ref, oid, peeled: oid })),
    ),
    capabilities,
  } as const),
  (value) => parseAdvertisement(writeAdvertisement(value)),
);
holds(
  'advertisements of capabilities',
  fc.record({
    service: fc.constant('git-upload-pack'),
    version: fc.constant(2),
    capabilities,
  } as const),
  (value) => parseAdvertisement(writeAdvertisement(value)),
);
holds(
  'command requests',
  fc.record({
    command: word,
    capabilities: fc.array(word.map((w) => `agent=${w}`)),
    args: fc.array(word),
  }),
  (value) => parseCommandRequest(writeCommandRequest(value)),
);
holds(
  'questions of ls-refs',
  fc.record({
    peel: fc.boolean(),
    symrefs: fc.boolean(),
    unborn: fc.boolean(),
    prefixes: fc.array(ref),
  }),
  (value) => parseLsRefsArgs(writeLsRefsArgs(value)),
);
holds(
  'answers of ls-refs',
  fc.array(
    fc.oneof(
      fc.record({ name: ref, oid: fc.option(oid) }),
      fc.record({ name: ref, oid, symref: ref }),
      fc.record({ name: ref, oid, peeled: oid }),
    ),
  ),
  (value) => parseLsRefsAnswer(writeLsRefsAnswer(value)),
);
const option = fc.constantFrom(
  'thin-pack',
  'ofs-delta',
  'deepen 3',
  'filter blob:none',
  'deepen-not v1',
);
const fetchRequest = fc.record({
  wants: fc.array(oid, { minLength: 1 }),
  haves: fc.array(oid),
  done: fc.boolean(),
  options: fc.array(option),
});
holds('arguments of fetch', fetchRequest, (value) => parseFetchArgs(writeFetchArgs(value)));
holds(
  'command lists',
  fc.record({
    commands: fc.array(fc.record({ ref, from: fc.option(oid), to: fc.option(oid) }), {
      minLength: 1,
    }),
    capabilities,
    shallow: fc.array(oid),
  }),
  (value) => parseCommandList(readPackets(writeCommandList(value)).slice(0, -1)),
);
holds('push options', fc.array(text.filter((s) => !s.endsWith('\n'))), (value) =>
  parsePushOptions(readPackets(writePushOptions(value)).slice(0, -1)),
);
holds(
  'reports',
  fc.record({
    unpackError: fc.option(word.filter((reason) => reason !== 'ok')),
    refs: fc.array(
      fc.oneof(
        fc.record({ ref, ok: fc.constant(true as const) }),
        fc.record({ ref, ok: fc.constant(false as const), reason: word }),
      ),
    ),
  }),
  (value) => parseReport(writeReport(value)),
);

t.test('side bands carry data of any length', async (t) => {
  for (const length of [0, 1, MAX_DATA - 1, MAX_DATA, 3 * MAX_DATA]) {
    const data = Buffer.alloc(length, 'x');
    const sent = Buffer.concat([
      writeSideBand(Band.progress, Buffer.from('words')),
      writeSideBand(Band.data, data),
      writePacket(FLUSH),
    ]);
    const bands = parseSideBand(readPackets(sent));
    t.ok(bands[1].equals(data));
    t.equal(bands[2].toString(), 'words');
  }
});

t.test('a reason of several lines is joined into one', async (t) => {
  const refs = [{ ref: 'refs/heads/a', ok: false as const, reason: 'one\n two ' }];
  t.match(parseReport(writeReport({ unpackError: null, refs })).refs, [{ reason: 'one two' }]);
});

t.test('readers throw only WireError, for any bytes', async () => {
  const lines = fc
    .array(
      fc.oneof(
        packet,
        fc
          .oneof(
            oid.map((o) => `want ${o} side-band-64k`),
            oid.map((o) => `${o} ${o} refs/heads/x\0a`),
            fc.constantFrom('done', 'command=fetch', 'unpack ok', 'deepen x'),
          )
          .map((s) => Buffer.from(s)),
      ),
    )
    .map(writePackets);
  const readers: ((input: Buffer) => unknown)[] = [
    readPackets,
    parseAdvertisement,
    parseCommandRequest,
    parseLsRefsAnswer,
    parseUploadRequest,
    parseReport,
    (input) => parseCommandList(readPackets(input)),
    (input) => parsePushOptions(readPackets(input)),
    (input) => parseSideBand(readPackets(input)),
  ];
  fc.assert(
    fc.property(fc.oneof(bytes, lines), fc.constantFrom(...readers), (input, read) => {
      try {
        read(input);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
