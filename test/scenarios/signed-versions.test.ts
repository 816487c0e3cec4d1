/** Stock git can verify every version in a clone with the registry's list of keys. */

import { createPrivateKey } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { rotateKeys } from '../../registry/cli/keys.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { openSigningKeys } from '../../registry/signing/keys.ts';
import { signSsh } from '../../registry/signing/sshsig.ts';
import { git, gitResult } from '../helpers/git.ts';
import { startLab, type TestLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';
import { noKeygen } from '../signing/keygen.ts';

let lab: TestLab;
let clone: string;
let allowed: string;
/** The private part of the first key, which a thief has copied. */
let stolen: string;
let id: number;
const keysFolder = () => join(lab.dataDir, 'keys');
const keys = () => lab.anonymous.signingKeys();
const versionsOf = async () => (await lab.ada.client.definitions.versions(id)).items;

t.before(async () => {
  lab = await startLab(t);
  const { definitions } = lab.ada.client;
  ({ id } = await definitions.create({ name: 'Meter', source_code: measurement('Meter') }));
  // A text that looks like a signature must stay text.
  const change_summary =
    'Say two\n-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----';
  await definitions.change(id, { source_code: measurement('Meter', 2), change_summary });
  clone = join(t.testdir(), 'clone');
  allowed = join(clone, '.git', 'allowed_signers');
  await git(['clone', '-q', lab.gitUrl('Meter', lab.ada.token), clone]);
});

/** The command in docs/review.md. */
async function verify(tag: string) {
  await writeFile(allowed, await lab.anonymous.allowedSigners());
  const settings = ['-c', 'gpg.format=ssh', '-c', `gpg.ssh.allowedSignersFile=${allowed}`];
  return await gitResult([...settings, 'tag', '-v', tag], { cwd: clone });
}

/** Creates a tag object with other content in the clone. Returns the name of the tag's ref. */
async function createTag(name: string, content: string): Promise<string> {
  const write = ['hash-object', '-t', 'tag', '-w', '--stdin'];
  const oid = (await git(write, { cwd: clone, input: content })).trim();
  await git(['update-ref', `refs/tags/${name}`, oid], { cwd: clone });
  return name;
}

t.test('anybody may read the public keys; private keys are for their own account', async (t) => {
  const { items, total } = await keys();
  t.equal(total, 1);
  t.match(items, [
    {
      id: 1,
      public_key: /^ssh-ed25519 AAAA\S+ registry$/,
      fingerprint: /^SHA256:\S{43}$/,
      valid_after: /^[\d-]+T[\d:]+Z$/,
      valid_before: null,
      allowed_signers:
        /^registry@localhost namespaces="git",valid-after="\d{14}Z" ssh-ed25519 AAAA/,
    },
  ]);
  const files = await readdir(keysFolder());
  for (const file of files) t.equal((await stat(join(keysFolder(), file))).mode & 0o777, 0o600);
  const [pem = ''] = files.filter((file) => file.endsWith('.pem'));
  stolen = await readFile(join(keysFolder(), pem), 'utf8');
});

t.test('every version names the key that signed it', async (t) => {
  const [key] = (await keys()).items;
  const signature = { key: key?.fingerprint, valid: true };
  t.match(await versionsOf(), [
    { version: 2, signature },
    { version: 1, signature },
  ]);
});

t.test(
  'git verifies versions in a clone, and refuses one that was changed',
  { skip: noKeygen },
  async (t) => {
    const [key] = (await keys()).items;
    for (const tag of ['v1', 'v2']) {
      const { code, stderr } = await verify(tag);
      t.equal(code, 0, stderr);
      t.match(
        stderr,
        `Good "git" signature for registry@localhost with ED25519 key ${key?.fingerprint}`,
      );
    }
    const content = await git(['cat-file', 'tag', 'v2'], { cwd: clone });
    const forged = content.replace('"username": "ada"', '"username": "eve"');
    t.not(forged, content);
    t.not((await verify(await createTag('forged', forged))).code, 0);
    t.not(
      (
        await verify(
          await createTag('bare', `${content.slice(0, content.lastIndexOf('-----BEGIN'))}`),
        )
      ).code,
      0,
    );
  },
);

t.test(
  'after a rotation old versions verify, and new ones are signed with the new key',
  { skip: noKeygen },
  async (t) => {
    const output: string[] = [];
    const terminal = { out: (line: string) => void output.push(line), err() {}, progress() {} };
    t.equal(await rotateKeys(lab.deps, terminal), 0);
    const { items, total } = await keys();
    const [current, retired] = items;
    t.equal(total, 2);
    t.match(output.join('\n'), `signed with ${current?.fingerprint} from now on`);
    t.match([current?.valid_before, retired?.valid_before], [null, String]);
    t.equal((await readdir(keysFolder())).filter((file) => file.endsWith('.pem')).length, 1);
    t.match((await lab.admin.client.audit({ action: 'signing_key.rotated' })).items, [
      { actor: 'registry', subject: current?.fingerprint, before: { id: 1 }, after: { id: 2 } },
    ]);
    await lab.ada.client.definitions.change(id, { source_code: measurement('Meter', 3) });
    await git(['fetch', '-q', '--tags', 'origin'], { cwd: clone });
    t.match(await versionsOf(), [
      { signature: { key: current?.fingerprint, valid: true } },
      { signature: { key: retired?.fingerprint, valid: true } },
      { signature: { key: retired?.fingerprint, valid: true } },
    ]);
    t.match(await verify('v1'), { code: 0, stderr: retired?.fingerprint });
    t.match(await verify('v3'), { code: 0, stderr: current?.fingerprint });
  },
);

t.test('a retired key is not valid for later dates', { skip: noKeygen }, async (t) => {
  const [, retired] = (await keys()).items;
  const end = Date.parse(retired?.valid_before ?? '') / 1000;
  const content = await git(['cat-file', 'tag', 'v1'], { cwd: clone });
  const payload = content.slice(0, content.lastIndexOf('-----BEGIN SSH'));
  const signedAt = (seconds: number) => {
    const dated = payload.replace(/^(tagger .*>) \d+/m, `$1 ${seconds}`);
    return dated + signSsh(Buffer.from(dated), createPrivateKey(stolen), 'git');
  };
  t.match(await verify(await createTag('in-time', signedAt(end))), { code: 0 });
  t.not((await verify(await createTag('late', signedAt(end + 1)))).code, 0);
});

t.test(
  'a clock that was set back before the key was made dates no tag before the key',
  async (t) => {
    const folder = join(t.testdir(), 'keys');
    let clock = Date.parse('2026-12-01T10:00:00Z');
    const keys = openSigningKeys(folder, lab.deps.leases, { now: () => clock });
    const [first] = await keys.list();
    t.same(await keys.date(), new Date(clock));
    clock -= 7 * 60 * 60_000;
    t.equal((await keys.date()).getTime(), Date.parse(first?.valid_after as string));
    const { retired, current } = await keys.rotate();
    t.ok(
      (retired.valid_before as string) > retired.valid_after,
      'what the old key signed stays valid',
    );
    t.ok((await keys.date()).getTime() >= Date.parse(current.valid_after));
  },
);

t.test('a second process sees the rotation of the first and signs with the new key', async (t) => {
  const beside = openSigningKeys(keysFolder(), lab.deps.leases);
  const before = (await beside.list()).length;
  await lab.deps.signingKeys.rotate();
  t.equal((await beside.list()).length, before + 1);
  const bytes = Buffer.from('x\n');
  t.equal(await beside.sign(bytes), await lab.deps.signingKeys.sign(bytes));
});

t.test('processes that start at the same time use the same key', async (t) => {
  const folder = join(t.testdir(), 'keys');
  const bytes = Buffer.from('x\n');
  const signed = [1, 2, 3, 4].map(() => openSigningKeys(folder, lab.deps.leases).sign(bytes));
  t.equal(new Set(await Promise.all(signed)).size, 1);
});

t.test('fsck reports versions with an invalid or missing signature', async (t) => {
  t.same((await fsck(lab.deps)).problems, []);
  const path = join(lab.dataDir, 'repos', 'Meter.git');
  const content = await git(['cat-file', 'tag', 'v3'], { cwd: path });
  const replace = async (tag: string) => {
    const write = ['hash-object', '-t', 'tag', '-w', '--stdin'];
    const oid = (await git(write, { cwd: path, input: tag })).trim();
    await git(['update-ref', 'refs/tags/v3', oid], { cwd: path });
    await git(['pack-refs', '--all'], { cwd: path });
    return (await fsck(lab.deps)).problems;
  };
  const signature = 'the signature of v3: ';
  t.match(await replace(content.replace('"ada@lab.example"', '"eve@lab.example"')), [
    { where: 'Meter', problem: `${signature}it signs other bytes` },
  ]);
  t.match(await versionsOf(), [{ version: 3, signature: null }, {}, {}]);
  t.match(await replace(content.slice(0, content.lastIndexOf('-----BEGIN SSH'))), [
    { where: 'Meter', problem: `${signature}it has none` },
  ]);
  const foreign = openSigningKeys(join(t.testdir(), 'keys'), lab.deps.leases);
  const payload = content.slice(0, content.lastIndexOf('-----BEGIN SSH'));
  t.match(await replace(payload + (await foreign.sign(Buffer.from(payload)))), [
    { where: 'Meter', problem: /^the signature of v3: SHA256:\S+ is not a key of this registry$/ },
  ]);
  t.match(await versionsOf(), [{ version: 3, signature: { valid: false } }, {}, {}]);
  t.same(await replace(content), []);
});
