import fc from 'fast-check';
import t from 'tap';
import { mailboxOf } from '../../registry/access/review/mailbox.ts';
import { StoreError } from '../../registry/store/errors.ts';
import * as labs from '../../registry/store/labs.ts';
import * as tokens from '../../registry/store/tokens.ts';
import * as users from '../../registry/store/users.ts';
import { onEachDatabase } from '../helpers/databases.ts';

const page = { page: 1, perPage: 50 };

await onEachDatabase(t, 'usernames ignore case', async (t, store) => {
  const ada = await store.transaction((em) => users.createUser(em, { username: 'Ada' }));
  t.match(await users.findUserByName(store.em(), 'aDA'), { id: ada.id, username: 'Ada' });
  await t.rejects(
    store.transaction((em) => users.createUser(em, { username: 'ADA' })),
    { code: 'unique_violation', constraint: 'users_username_key' },
  );
  const bob = await store.transaction((em) => users.createUser(em, { username: 'bob' }));
  await t.rejects(
    store.transaction((em) => users.updateUser(em, bob.id, { username: 'ada' })),
    { code: 'unique_violation' },
  );
  t.equal((await users.listUsers(store.em(), { page: 1, perPage: 10 })).total, 2);
});

await onEachDatabase(t, 'a user is found by any part of their names', async (t, store) => {
  await store.transaction(async (em) => {
    await users.createUser(em, { username: 'zed', name: 'Zoë 100%', email: 'z@example.org' });
    await users.createUser(em, { username: 'amy', name: 'Amy', email: 'amy_b@example.org' });
  });
  const found = async (q: string) =>
    (await users.listUsers(store.em(), { ...page, q })).items.map(({ username }) => username);
  t.same(await found(''), ['amy', 'zed'], 'sorted by name');
  t.same(await found('%'), ['zed']);
  t.same(await found('_'), ['amy']);
  t.same(await found('EXAMPLE'), ['amy', 'zed']);
  t.same(await found("'; drop table users --"), []);
  t.match(await users.listUsers(store.em(), { page: 2, perPage: 1 }), {
    total: 2,
    items: [{ username: 'zed' }],
  });
});

await onEachDatabase(t, 'secrets are not serialised', async (t, store) => {
  const user = await store.transaction((em) =>
    users.createUser(em, { username: 'ada', password_hash: 'p4ssw0rd' }),
  );
  t.notMatch(JSON.stringify(await users.findUser(store.em(), user.id)), 'p4ssw0rd');
});

await onEachDatabase(
  t,
  'a token identifies its user while both are valid',
  async (t, store, db) => {
    const user = await store.transaction((em) => users.createUser(em, { username: 'ada' }));
    const make = (hash: string, expires_at: Date | null) =>
      store.transaction((em) =>
        tokens.createToken(em, {
          user_id: user.id,
          name: hash,
          scope: 'write',
          hash,
          hint: 'r',
          expires_at,
        }),
      );
    const token = await make('good', null);
    await make('later', new Date(Date.now() + 60_000));
    await make('past', new Date(Date.now() - 1_000));

    db.statements.length = 0;
    const found = await tokens.findTokenByHash(store.em(), 'good');
    t.match(found, {
      token: { id: token.id, scope: 'write' },
      user: { id: user.id, username: 'ada' },
    });
    t.ok(found?.user.created_at instanceof Date);
    t.equal(db.statements.length, 1, 'one query');
    t.match(await tokens.findTokenByHash(store.em(), 'later'), { token: { expires_at: Date } });
    t.equal(await tokens.findTokenByHash(store.em(), 'past'), null, 'expired');
    t.equal(await tokens.findTokenByHash(store.em(), 'other'), null, 'unknown');
    await t.rejects(make('good', null), {
      code: 'unique_violation',
      constraint: 'tokens_hash_key',
    });

    await tokens.touchTokens(store.em(), [token.id]);
    const used = async () => (await tokens.listTokens(store.em(), user.id)).at(-1)?.last_used_at;
    const first = await used();
    t.ok(first instanceof Date);
    await tokens.touchTokens(store.em(), [token.id]);
    t.same(await used(), first, 'the last use is written at most once a minute');

    await store.transaction((em) => users.updateUser(em, user.id, { disabled: true }));
    t.equal(await tokens.findTokenByHash(store.em(), 'good'), null, 'its user is disabled');
    t.equal(await tokens.deleteToken(store.em(), user.id + 1, token.id), false, "not another's");
    t.equal(await tokens.deleteToken(store.em(), user.id, token.id), true);
  },
);

await onEachDatabase(t, 'a lab stores its policy and its members', async (t, store) => {
  const em = store.em();
  const lab = await labs.createLab(em, { name: 'Optics', code: 'OPT' });
  t.match(await labs.findLabByCode(store.em(), 'opt'), {
    id: lab.id,
    direct_landing: 'admins',
    required_approvals: 1,
    allow_self_approval: false,
    required_checks: {},
    banned_imports: null,
    allowed_imports: [],
  });
  await labs.updateLab(store.em(), lab.id, { required_checks: { ci: 3 }, banned_imports: ['os'] });
  await labs.updateLab(store.em(), lab.id, { required_checks: { lint: 4 } });
  t.match(await labs.findLab(store.em(), lab.id), { banned_imports: ['os'] });
  t.strictSame((await labs.findLab(store.em(), lab.id))?.required_checks, { lint: 4 }, 'replaced');
  await t.rejects(labs.createLab(store.em(), { name: 'x', code: 'opt' }), {
    code: 'unique_violation',
    constraint: 'labs_code_key',
  });
  await t.rejects(labs.updateLab(store.em(), lab.id, { required_approvals: -1 }), {
    code: 'check_violation',
  });

  const ada = await users.createUser(store.em(), { username: 'ada' });
  await labs.setMember(store.em(), lab.id, ada.id, 'viewer');
  await labs.setMember(store.em(), lab.id, ada.id, 'admin');
  t.strictSame(await labs.rolesOf(store.em(), ada.id), [{ lab_id: lab.id, role: 'admin' }]);
  t.match(await labs.listMembers(store.em(), lab.id, page), {
    total: 1,
    items: [{ user: { username: 'ada' }, role: 'admin', created_at: Date }],
  });
  t.match(await labs.findMember(store.em(), lab.id, ada.id), { role: 'admin' });
  await t.rejects(labs.setMember(store.em(), lab.id, 999, 'admin'), StoreError);
  await t.rejects(labs.setMember(store.em(), 999, ada.id, 'admin'), {
    code: 'foreign_key_violation',
    constraint: 'memberships_lab_id_foreign',
  });
  t.match(await labs.listLabs(store.em(), { ...page, ids: [] }), { total: 0, items: [] });
  t.match(await labs.listLabs(store.em(), page), { total: 1 });
  t.equal(await labs.removeMember(store.em(), lab.id, ada.id), true);
  t.equal(await labs.removeMember(store.em(), lab.id, ada.id), false);
  t.equal(await labs.deleteLab(store.em(), lab.id), true);
});

await onEachDatabase(t, 'a failed transaction changes nothing', async (t, store) => {
  await t.rejects(
    store.transaction(async (em) => {
      await users.createUser(em, { username: 'ada' });
      throw new RangeError('enough');
    }),
    RangeError,
  );
  t.notOk(await users.hasUsers(store.em()));
  await t.rejects(users.createUser(store.em(), { username: 'nul\0' }), { code: 'invalid_value' });
});

await onEachDatabase(
  t,
  'the database and the reviews have the same rule for mailboxes',
  async (t, store) => {
    const address = fc
      .array(fc.constantFrom('ada', 'ADA', 'a.b', '+', '@', 'Lab.Example', '', 'x'), {
        maxLength: 9,
      })
      .map((parts) => parts.join(''));
    const listed = [
      'Ada+two@Lab.Example',
      '+x@lab.example',
      'ada',
      'a+b',
      '@',
      '',
      'a@b+c@D',
      'a+b@c@d',
    ];
    const addresses = [...listed, ...fc.sample(address, 500)];
    const rows = await store
      .em()
      .execute<{ mailbox: string }[]>(
        'select mailbox_of(a) as mailbox from jsonb_array_elements_text(?::jsonb) with ordinality x(a, n) order by n',
        [JSON.stringify(addresses)],
      );
    t.same(
      rows.map(({ mailbox }) => mailbox),
      addresses.map(mailboxOf),
    );
    const one = await store.transaction((em) =>
      users.createUser(em, { username: 'one', email: 'One+1@Lab.Example' }),
    );
    t.equal((await users.findUser(store.em(), one.id))?.mailbox, mailboxOf(one.email));
    t.ok(await users.isAddressTaken(store.em(), 'one@lab.example'));
  },
);
