/** The registry and OpenSSH can verify each other's SSH signatures. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import {
  fingerprintOf,
  publicKeyBlob,
  publicKeyLine,
  signSsh,
  verifySsh,
} from '../../registry/signing/sshsig.ts';
import { keygen, noKeygen } from './keygen.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const blob = publicKeyBlob(createPublicKey(privateKey));
const payload = Buffer.from('object 0123\ntagger Ü <u@example.org>\n\nrecord\0with a NUL\n');

t.test(
  'ssh-keygen verifies our signatures and prints the same fingerprint',
  {
    skip: noKeygen,
  },
  async (t) => {
    const folder = t.testdir({
      allowed: `registry namespaces="git" ${publicKeyLine(blob)}\n`,
      sig: signSsh(payload, privateKey, 'git'),
      other: signSsh(payload, privateKey, 'file'),
      'key.pub': `${publicKeyLine(blob)} registry\n`,
    });
    const verify = (file: string, bytes: Uint8Array) => {
      const allowed = ['-f', join(folder, 'allowed'), '-I', 'registry', '-n', 'git'];
      return keygen(['-Y', 'verify', ...allowed, '-s', join(folder, file)], bytes);
    };
    t.match(verify('sig', payload), { code: 0, stdout: fingerprintOf(blob) });
    t.not(verify('sig', Buffer.concat([payload, Buffer.from('x')])).code, 0);
    t.not(verify('other', payload).code, 0, 'created for another namespace');
    t.match(keygen(['-l', '-f', join(folder, 'key.pub')]).stdout, fingerprintOf(blob));
  },
);

t.test('we verify ssh-keygen’s signatures with either hash', { skip: noKeygen }, async (t) => {
  const folder = t.testdir();
  const key = join(folder, 'key');
  t.equal(keygen(['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]).code, 0);
  for (const hash of ['sha256', 'sha512']) {
    const file = join(folder, hash);
    await writeFile(file, payload);
    const signed = keygen(['-Y', 'sign', '-f', key, '-n', 'git', '-O', `hashalg=${hash}`, file]);
    t.equal(signed.code, 0, signed.stderr);
    const signer = verifySsh(payload, await readFile(`${file}.sig`, 'utf8'), 'git');
    t.equal(publicKeyLine(signer), (await readFile(`${key}.pub`, 'utf8')).trim());
  }
});

t.test('a signature with any bit flipped, or for other bytes, is invalid', async (t) => {
  const armoured = signSsh(payload, privateKey, 'git');
  t.same(verifySsh(payload, armoured, 'git'), blob);
  const [begin = '', ...rest] = armoured.trimEnd().split('\n');
  const end = rest.pop() ?? '';
  const bytes = Buffer.from(rest.join(''), 'base64');
  const armour = (content: Buffer) =>
    `${begin}\n${content.toString('base64').replace(/(.{70})/g, '$1\n')}\n${end}\n`;
  t.same(verifySsh(payload, armour(bytes), 'git'), blob);
  let held = 0;
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      verifySsh(payload, armour(flipped), 'git');
      held += 1;
    } catch (error) {
      if ((error as { code?: string }).code !== 'bad_signature') throw error;
    }
  }
  t.equal(held, 0);
  const wrong: [Uint8Array, string, string][] = [
    [payload.subarray(1), armoured, 'git'],
    [payload, armoured, 'file'],
    [payload, armour(bytes.subarray(0, -1)), 'git'],
    [payload, armour(Buffer.concat([bytes, Buffer.from([0])])), 'git'],
    [payload, `${armoured}\n`, 'git'],
    [payload, armoured.replace('SSH', 'PGP'), 'git'],
    [payload, '', 'git'],
  ];
  for (const [over, text, namespace] of wrong) {
    t.throws(() => verifySsh(over, text, namespace), { code: 'bad_signature' });
  }
});
