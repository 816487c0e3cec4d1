/**
 * The flaw: a signature that does not name its definition is worthless, because the signed history of one definition
 * can be listed under another name. Verified: records name their definition, and a signed list names the definition of
 * older versions.
 */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { parseRecord } from '../../registry/definitions/record.ts';
import { attestOnce } from '../../registry/services/repair/attest.ts';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { reindex } from '../../registry/services/repair/reindex.ts';
import { signSsh } from '../../registry/signing/sshsig.ts';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { type DatabaseKind, measurement } from '../helpers/registry.ts';

for (const database of ['PGlite', 'PostgreSQL'] satisfies DatabaseKind[]) {
  t.test(database, async (t) => {
    const lab = await startLab(t, { database });
    const { deps, ada } = lab;
    const problems = async () => (await fsck(deps)).problems;
    const create = async (name: string) =>
      (await ada.client.definitions.create({ name, source_code: measurement(name) })).id;
    const folder = (name: string) => join(lab.dataDir, 'repos', `${name}.git`);

    /** Rewrites a tag as an older registry would have written it, without id and name in its record. */
    async function makeOld(name: string, n: number, sign = deps.signingKeys.sign) {
      const repository = await deps.repositories.open(name);
      const ref = `refs/tags/v${n}`;
      const content = await git(['cat-file', 'tag', ref], { cwd: folder(name) });
      const payload = content
        .slice(0, content.indexOf('-----BEGIN SSH'))
        .replace(/^ {2}"(id|name)": .*\n/gm, '');
      const input = payload + (await sign(Buffer.from(payload)));
      const write = ['hash-object', '-t', 'tag', '-w', '--stdin'];
      const to = (await git(write, { cwd: folder(name), input })).trim();
      const from = (await repository.refs()).get(ref)?.oid ?? null;
      await repository.updateRefs([{ ref, from, to }]);
      return to;
    }

    await t.test('the tag of every version names its definition', async (t) => {
      const id = await create('Meter');
      const version = await (await deps.repositories.open('Meter')).version(1);
      t.match(parseRecord(version?.record ?? ''), { id, name: 'Meter', version: 1 });
    });

    await t.test('older versions are attested once, when the registry starts', async (t) => {
      const id = await create('Old');
      await ada.client.definitions.change(id, { source_code: measurement('Old', 2) });
      await ada.client.definitions.change(id, { source_code: measurement('Old', 3) });
      const { privateKey } = generateKeyPairSync('ed25519');
      const tags = [await makeOld('Old', 1), await makeOld('Old', 2)];
      const forged = await makeOld('Old', 2, async (bytes) => signSsh(bytes, privateKey, 'git'));
      t.match(
        (await problems()).map(({ problem }) => problem),
        [/^the tag v2 does not name/, /^the signature of v2/, /^the tag v1 does not name/],
        'fsck names versions without an attestation',
      );
      const before = await (await deps.repositories.open('Old')).refs();
      t.match(await attestOnce(deps), { attested: ['Old'], failed: [] });

      const listed = await git(['cat-file', 'tag', 'attested'], { cwd: folder('Old') });
      t.match(listed, `"id": ${id}`);
      t.match(listed, '"name": "Old"');
      t.match(listed, tags[0]);
      t.notMatch(listed, forged, 'the list has no version that another key signed');
      for (const [ref, value] of before) {
        t.same(
          (await (await deps.repositories.open('Old')).refs()).get(ref),
          value,
          `${ref} stays`,
        );
      }
      await makeOld('Old', 2);
      t.match(await problems(), [{ problem: /^the tag v2 does not name its definition/ }]);
    });

    await t.test('later starts do not read the repositories again', async (t) => {
      const repositories = { list: () => t.fail('it walks') } as never;
      t.same(await attestOnce({ ...deps, repositories }), { attested: [], failed: [] });
    });

    await t.test('the list survives a reindex and git fetches it', async (t) => {
      t.same((await reindex(deps)).skipped, []);
      const refs = await git(['ls-remote', lab.gitUrl('Old', ada.token)]);
      t.match(refs, /\trefs\/tags\/attested\n/);
    });

    await t.test(
      'the history of one definition under the name of another is not indexed',
      async (t) => {
        const harmless = await deps.repositories.open('Meter');
        const bundle = await buffer(harmless.bundle(await harmless.refs()));
        await deps.repositories.adopt('Victim', Readable.from([bundle]));
        t.match((await reindex(deps)).skipped, [
          { name: 'Victim', reason: /the record of v1 belongs to Meter \(\d+\), not to Victim/ },
        ]);
        t.match(
          (await problems()).filter(({ where }) => where === 'Victim'),
          [{ problem: /not in the index/ }, { problem: /^the record of v1 belongs to Meter/ }],
        );
      },
    );
  });
}
