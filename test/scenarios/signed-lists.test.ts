/**
 * A lab computer can verify every answer to a sync, including a 304: it is signed, numbered and dated. The numbers
 * never decrease, whatever happens to the registry. ssh-keygen verifies the signatures.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { rotateKeys } from '../../registry/cli/keys.ts';
import { loadConfig } from '../../registry/config.ts';
import { openDeps } from '../../registry/open.ts';
import { backup } from '../../registry/services/backup/backup.ts';
import { confirmRestore } from '../../registry/services/backup/confirm.ts';
import { restore } from '../../registry/services/backup/restore.ts';
import { OPERATOR } from '../../registry/services/caller.ts';

import { hashCode } from '../../registry/services/people/secrets.ts';
import { Statements } from '../../registry/services/sync/statements.ts';
import { shortFingerprint } from '../../registry/signing/key-change.ts';
import type { Statement } from '../../registry/signing/statement.ts';
import { syncStamps } from '../../registry/store/sync.ts';
import { someCaches } from '../helpers/caches.ts';
import { enrolComputer, startLab, type TestComputer } from '../helpers/lab.ts';
import { type DatabaseKind, measurement } from '../helpers/registry.ts';
import { keygen, noKeygen } from '../signing/keygen.ts';

/** The signer, as ssh-keygen finds it. Throws if the signature is invalid. */
async function signer(t: Test, text: string, armoured: string, namespace: string) {
  const file = join(t.testdir({}), 'signature');
  await writeFile(file, armoured);
  const { code, stdout, stderr } = keygen(
    ['-Y', 'check-novalidate', '-n', namespace, '-s', file],
    Buffer.from(text),
  );
  t.equal(code, 0, stderr);
  return /key (SHA256:\S+)/.exec(stdout)?.[1];
}

function unpack(header: string) {
  const [text = '', signature = ''] = header.split('.');
  const lines = (signature.match(/.{1,70}/g) ?? []).join('\n');
  return {
    text: Buffer.from(text, 'base64url').toString(),
    armoured: `-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----\n`,
  };
}

for (const database of ['PGlite', 'PostgreSQL'] satisfies DatabaseKind[]) {
  t.test(database, { skip: noKeygen }, async (t) => {
    const lab = await startLab(t, { database });
    const { ada, admin, deps, url } = lab;
    const pc = await enrolComputer(lab, ada, lab.nano.id, 'LABPC-01');
    const key = async () => (await lab.anonymous.signingKeys()).items[0]?.fingerprint;

    async function ask({ token }: TestComputer, etag = '') {
      const headers = { authorization: `Bearer ${token}`, ...(etag && { 'if-none-match': etag }) };
      const answer = await fetch(`${url}/api/sync`, { headers });
      const body = await answer.text();
      const { text, armoured } = unpack(answer.headers.get('sync-statement') ?? '');
      const signed = await signer(t, text, armoured, 'lists@pybirch-registry');
      t.equal(signed, await key(), 'the newest key signed it');
      const statement = JSON.parse(text) as Statement;
      return { status: answer.status, etag: answer.headers.get('etag') ?? '', body, statement };
    }
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

    await t.test('a list and its statement are signed for one computer', async (t) => {
      await ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
      const first = await ask(pc);
      t.equal(first.statement.audience, `computer:${pc.id}`);
      t.equal(first.statement.digest, sha256(first.body));
      t.ok(Math.abs(Date.now() - Date.parse(first.statement.signed_at)) < 60_000);
      const again = await ask(pc, first.etag);
      t.match(again, { status: 304, body: '', etag: first.etag });
      t.match(again.statement, {
        digest: first.statement.digest,
        number: first.statement.number,
      });
      const other = await enrolComputer(lab, ada, lab.nano.id, 'LABPC-02');
      t.equal((await ask(other)).statement.audience, `computer:${other.id}`);
    });

    await t.test('each change of a list raises its number', async (t) => {
      const { id } = await ada.client.definitions.byName('Meter');
      let last = (await ask(pc)).statement.number;
      const changes: Record<string, () => Promise<unknown>> = {
        'a version': () =>
          ada.client.definitions.change(id, { source_code: measurement('Meter', 2) }),
        'a revocation': () => ada.client.definitions.revoke(id, 1, 'burns samples'),
        'the end of the revocation': () => ada.client.definitions.reinstate(id, 1, 'it does not'),
        'a policy': () => ada.client.labs.change(lab.nano.id, { allowed_imports: ['os'] }),
        'another lab': () => admin.client.computers.change(pc.id, { lab_id: lab.other.id }),
        'the first lab again': () => admin.client.computers.change(pc.id, { lab_id: lab.nano.id }),
      };
      for (const [what, change] of Object.entries(changes)) {
        await change();
        const { number } = (await ask(pc)).statement;
        t.ok(number > last, `${what}: ${number} after ${last}`);
        last = number;
      }
      const list = JSON.parse((await ask(pc)).body);
      t.match(list, { revoked: [], reinstated: [{ name: 'Meter', version: 1 }] });
    });

    await t.test('a new key is signed by the previous one', async (t) => {
      const before = await key();
      const quiet = { out() {}, err: t.fail, progress() {} } as never;
      await rotateKeys(deps, quiet);
      const [newest] = (await lab.anonymous.signingKeys()).items;
      const { document = '', signatures = [] } = newest?.change ?? {};
      const by = [];
      for (const one of signatures)
        by.push(await signer(t, document, one, 'keys@pybirch-registry'));
      t.same(by, [newest?.fingerprint, before]);
      t.match(JSON.parse(document), {
        number: 2,
        keys: [{ id: 1, valid_before: String }, { id: 2 }],
      });
      await ask(pc);
    });

    await t.test(
      'a code contains the fingerprint of the key, but is also valid without it',
      async (t) => {
        const { code } = await ada.client.computers.createCode(lab.nano.id);
        const letters = code.replaceAll('-', '');
        t.match(code, /^(\w{4}-){7}\w{4}$/);
        t.equal(letters.slice(16), shortFingerprint((await key()) ?? ''));
        t.equal(hashCode(code), hashCode(letters.slice(0, 16)));
        t.not(hashCode(`${letters.slice(0, 16)}1`), hashCode(code));
      },
    );

    await t.test(
      'the numbers of a restored registry continue above all earlier ones, and its statement says that it was restored',
      async (t) => {
        const folder = t.testdir({});
        const file = join(folder, 'backup.zip');
        await backup({ ...deps, version: '1' }, file);
        const { id } = await ada.client.definitions.byName('Meter');
        for (const value of [3, 4, 5])
          await ada.client.definitions.change(id, { source_code: measurement('Meter', value) });
        const seen = (await ask(pc)).statement;
        const other = await openDeps(
          loadConfig({ DATA_DIR: join(folder, 'restored') }),
          () => url,
          { migrates: false },
        );
        t.teardown(() => other.close());
        const { made_at } = await restore(other, file);
        const asking = { id: pc.id, lab_id: lab.nano.id };
        const stated = async () => (await syncStamps(other.store.em(), [asking])).get(asking);
        const now = await stated();
        t.ok((now?.number ?? 0) > seen.number, `${now?.number} after ${seen.number}`);
        t.not(now?.timeline.id, seen.timeline.id);
        t.match(now?.timeline, { restored_from: made_at, confirmed: null });
        await confirmRestore(other, OPERATOR, 'Ada');
        t.match(await stated(), { timeline: { id: now?.timeline.id, confirmed: { by: 'Ada' } } });
      },
    );

    await t.test('confirm-restore also works for a registry restored by other means', async (t) => {
      const before = (await ask(pc)).statement;
      await confirmRestore(deps, OPERATOR, 'Ada');
      const { statement } = await ask(pc);
      t.ok(statement.number > before.number);
      t.not(statement.timeline.id, before.timeline.id);
      t.match((await admin.client.audit({ action: 'timeline.confirmed' })).items, [
        { after: { by: 'Ada' } },
      ]);
    });
  });
}

t.test(
  'for a minute a poll needs no new signature or list; then the date is renewed',
  async (t) => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    let [signatures, lists] = [0, 0];
    const keys = {
      signer: async () => ({
        fingerprint: 'SHA256:x',
        sign() {
          signatures += 1;
          return '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n';
        },
      }),
    };
    const timeline = { id: 'first', restored_from: null, confirmed: null };
    const state = {
      etag: 'W/"a"',
      about: { audience: 'computer:1', number: 7, timeline },
      async list() {
        lists += 1;
        return [Buffer.from('{}')];
      },
    };
    const statements = new Statements(keys, someCaches(), () => now);
    const { signed: first } = await statements.of(state);
    for (let i = 0; i < 59; i++) {
      now += 1000;
      t.equal((await statements.of(state)).signed, first);
    }
    t.same([signatures, lists], [1, 1]);
    now += 1000;
    t.not((await statements.of(state)).signed, first);
    t.same([signatures, lists], [2, 1]);
    const confirmed = { by: 'Ada', at: '2026-01-01T00:00:00Z' };
    await statements.of({
      ...state,
      about: { ...state.about, timeline: { ...timeline, confirmed } },
    });
    t.equal(signatures, 3, 'the statement has changed');
  },
);
