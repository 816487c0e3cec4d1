/*
 * The flaw: a definition could carry compiled code that no reviewer can read. The attack: tell a VISA library to load
 * the definition's own `.so`. Verified: compiled code of every system is refused under any name. A file is refused if a
 * system would load it because of its name, whatever it contains. Data that starts like compiled code is accepted. A
 * git-lfs pointer in place of the data causes a warning. The oracle is the programs of this machine, which must be
 * recognized as compiled code.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { nativeLibraries } from '../../registry/definitions/data-files.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { measurement } from '../helpers/registry.ts';

const NO_POLICY = { banned: [], allowed: [] };
const hex = (text: string) => Buffer.from(text, 'hex');
const pe = Buffer.alloc(200);
pe.write('MZ', 0);
pe.writeUInt32LE(0x80, 0x3c);
pe.write('PE\0\0', 0x80);

const NATIVE: Record<string, Buffer> = {
  'data/table.csv': readFileSync(process.execPath).subarray(0, 4096),
  'readme.txt': pe,
  'thin.bin': hex('feedface00000007'),
  'thin64.bin': hex('cffaedfe07000001'),
  'fat.bin': hex('cafebabe00000002'),
  'lib.dat': Buffer.from('!<arch>\n/'),
  'driver.dll': Buffer.from('text'),
  'driver.SO': Buffer.from('text'),
  'driver.so.1.2': Buffer.from('text'),
  'driver.dylib': Buffer.alloc(0),
  'driver.pyd': Buffer.alloc(3),
};
const DATA: Record<string, Buffer> = {
  'Main.class': hex('cafebabe00000041'),
  'mz.txt': Buffer.from(
    'MZ is how this begins, and it goes on for longer than any header of a program.',
  ),
  'short.bin': hex('7f45'),
  'empty.csv': Buffer.alloc(0),
  'also.csv': Buffer.from('so,dll\n1,2\n'),
  'notes.so.txt': Buffer.from('text'),
};

t.test('compiled code is found by content or by name', (t) => {
  const files = new Map(Object.entries({ ...NATIVE, ...DATA }));
  t.same(
    nativeLibraries(files).map(({ path }) => path),
    Object.keys(NATIVE),
  );
  t.end();
});

t.test('compiled code is an error, a git-lfs pointer a warning', (t) => {
  const source = Buffer.from(measurement('Meter'));
  const judge = (path: string, bytes: Buffer) =>
    validateDefinition(
      'Meter',
      new Map([
        ['Meter.py', source],
        [path, bytes],
      ]),
      NO_POLICY,
    );
  t.match(judge('a.csv', NATIVE['data/table.csv'] as Buffer), {
    valid: false,
    errors: [{ code: 'native-library', file: 'a.csv' }],
  });
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`;
  const warned = judge('a.csv', Buffer.from(pointer));
  t.match(warned, { valid: true, warnings: [{ code: 'lfs-pointer', file: 'a.csv' }] });
  t.same(judge('a.csv', Buffer.from('x\n1\n')).warnings, []);
  t.end();
});

/** Python writes the archives. An archive is valid if Python can read it again. */
const PACK = `
import bz2, gzip, io, json, lzma, sys, tarfile, zipfile
program = open(sys.executable, 'rb').read(200000)
def packed(name, content, method=zipfile.ZIP_DEFLATED, before=b''):
    out = io.BytesIO()
    out.write(before)
    with zipfile.ZipFile(out, 'a' if before else 'w', method) as archive:
        archive.writestr('read me.txt', 'text')
        archive.writestr(name, content)
    return out.getvalue()
inner = packed('data.bin', program)
found = {
    'deflated.zip': packed('data.bin', program),
    'stored.npz': packed('data.bin', program, zipfile.ZIP_STORED),
    'named.whl': packed('lib/driver.DLL', b'text'),
    'behind.txt': packed('data.bin', program, before=b'text ' * 100),
    'nested.zip': packed('a/inner.egg', inner),
    'packed.gz': gzip.compress(program),
    'zip.gz': gzip.compress(inner),
    'many.zip': None,
    'plain.zip': packed('data.csv', b'1,2'),
    'plain.gz': gzip.compress(b'1,2' * 1000),
    'cut.zip': inner[: len(inner) // 2],
    'magic.csv': b'PK\\3\\4 is how a zip begins',
    'end.csv': b'PK\\5\\6' + b'\\xff' * 30,
}
def tarred(mode, form, name='data.bin', content=program):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as archive:
        for path, data in (('read me.txt', b'text'), (name, content)):
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
long = 'folder/' * 30 + 'driver.dll'
found.update({
    'ustar.tar': tarred('w', tarfile.USTAR_FORMAT),
    'gnu.tar': tarred('w', tarfile.GNU_FORMAT, long, b'text'),
    'pax.tar': tarred('w', tarfile.PAX_FORMAT, long, b'text'),
    'tar.tgz': tarred('w:gz', tarfile.PAX_FORMAT),
    'tar.tbz': tarred('w:bz2', tarfile.PAX_FORMAT),
    'tar.txz': tarred('w:xz', tarfile.PAX_FORMAT),
    'zip.tar': tarred('w', tarfile.GNU_FORMAT, 'inner.zip', inner),
    'large.gz': gzip.compress(program + bytes(20_000_000)),
    'large.tgz': gzip.compress(tarred('w', tarfile.GNU_FORMAT, 'a.csv', bytes(20_000_000))),
    'data.csv.bz2': bz2.compress(b'1,2'),
    'empty.bz2': bz2.compress(b''),
    'data.csv.xz': lzma.compress(b'1,2'),
    'data.lzma': lzma.compress(b'1,2', lzma.FORMAT_ALONE),
    'bzip2.zip': packed('data.bin', program, zipfile.ZIP_BZIP2),
    'lzma.zip': packed('data.bin', program, zipfile.ZIP_LZMA),
    'plain.tar': tarred('w', tarfile.PAX_FORMAT, 'data.csv', b'1,2'),
    'plain.tgz': tarred('w:gz', tarfile.GNU_FORMAT, 'data.csv', b'1,2'),
    'large.csv.gz': gzip.compress(b'1,2' * 5_000_000),
})
out = io.BytesIO()
with zipfile.ZipFile(out, 'w') as archive:
    for number in range(1500):
        archive.writestr(f'{number}.csv', '1')
found['many.zip'] = out.getvalue()
for _ in range(6):
    inner = packed('deep.zip', inner)
found['deep.zip'] = inner
print(json.dumps({name: content.hex() for name, content in found.items()}))
`;

t.test('compiled code in archives is found whatever their names', (t) => {
  const packed: Record<string, string> = JSON.parse(
    execFileSync('python3', ['-c', PACK], { encoding: 'utf8', maxBuffer: 2 ** 28 }),
  );
  const files = new Map(Object.entries(packed).map(([name, bytes]) => [name, hex(bytes)]));
  const found = nativeLibraries(files);
  t.same(
    found.map(({ path }) => path),
    [
      ...['deflated.zip', 'stored.npz', 'named.whl', 'behind.txt', 'nested.zip'],
      ...['packed.gz', 'zip.gz', 'many.zip'],
      ...['ustar.tar', 'gnu.tar', 'pax.tar', 'tar.tgz', 'tar.tbz', 'tar.txz', 'zip.tar'],
      ...['large.gz', 'large.tgz', 'data.csv.bz2', 'empty.bz2', 'data.csv.xz', 'data.lzma'],
      ...['bzip2.zip', 'lzma.zip', 'deep.zip'],
    ],
  );
  const of = (name: string) => found.find(({ path }) => path === name);
  t.match(of('tar.tgz')?.kind, /an archive with an ELF .* \(tar.tgz!tar!data.bin\)/);
  t.match(of('pax.tar')?.kind, /by its name \(pax.tar!(folder\/){30}driver.dll\)/);
  t.match(of('bzip2.zip'), { kind: /\(bzip2.zip!/, way: /with zip or gzip/ });
  t.match(found[4]?.kind, /an archive with an ELF .* \(nested.zip!a\/inner.egg!data.bin\)/);
  t.end();
});
