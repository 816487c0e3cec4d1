/**
 * The cache of rights reads the caller, and who sees a definition, only once. After a change, the cache reads the
 * caller and the definition again.
 */
import t from 'tap';
import { AccessCache } from '../../registry/services/access-cache/access-cache.ts';
import { OPERATOR } from '../../registry/services/caller.ts';
import { addMember, changeMember, removeMember } from '../../registry/services/people/members.ts';
import { insertToken } from '../../registry/services/people/tokens.ts';
import { changeUser, createUser } from '../../registry/services/people/users.ts';
import { listAudit } from '../../registry/store/audit.ts';
import { createLab, setMember } from '../../registry/store/labs.ts';
import type { Store } from '../../registry/store/open.ts';
import { countAdmins } from '../../registry/store/users.ts';
import { someCaches } from '../helpers/caches.ts';
import { onEachDatabase } from '../helpers/databases.ts';

const rules = { anonymousRead: true };

function cacheOf(store: Store, errors: unknown[] = []): AccessCache {
  return new AccessCache({ store, caches: someCaches(), onError: (error) => errors.push(error) });
}

async function person(store: Store, username: string) {
  // The first account is the admin, who must remain.
  const isFirst = (await countAdmins(store.em())) === 0;
  const user = await createUser({ store, rules }, OPERATOR, {
    username,
    password: 'a good password',
    name: username,
    email: `${username}@lab.example`,
    is_admin: isFirst,
  });
  const made = await insertToken({ store, rules }, OPERATOR, user.id, {
    name: 'test',
    scope: 'read',
  });
  return { id: user.id, secret: made.token };
}

/**
 * Asks until the answer is cached. The first questions only make the cache follow the audit trail, and are not cached.
 */
async function warm(access: AccessCache, secret: string): Promise<void> {
  while (access.keptToken(secret) === undefined) await access.token(secret);
}

await onEachDatabase(t, 'a cached token needs no query', async (t, store, { statements }) => {
  await person(store, 'root');
  const { secret } = await person(store, 'ada');
  const access = cacheOf(store);
  t.teardown(() => access.close());
  await warm(access, secret);
  await access.token(secret);
  statements.length = 0;
  for (let i = 0; i < 100; i++) await access.token(secret);
  const asked = statements.filter((sql) => !/followers|last_used_at/.test(sql));
  t.same(asked, [], 'except for renewing the lease and recording the use');
});

await onEachDatabase(
  t,
  'a connection remembers its credentials, and how they were read',
  async (t, store) => {
    await person(store, 'root');
    const ada = await person(store, 'ada');
    const ben = await person(store, 'ben');
    const access = cacheOf(store);
    t.teardown(() => access.close());
    await warm(access, ada.secret);
    await warm(access, ben.secret);
    const connection = {};
    const withoutScheme = (credentials: string) => credentials.slice('Bearer '.length);
    const nothing = () => '';
    const askedBy = (secret: string, secretIn = withoutScheme) =>
      access.keptTokenOf(connection, `Bearer ${secret}`, secretIn)?.actor;
    t.equal(askedBy(ada.secret, nothing), undefined, 'git reads no token in this scheme');
    t.match(askedBy(ada.secret), { id: ada.id });
    t.match(
      askedBy(ben.secret),
      { id: ben.id },
      'a proxy sends several callers over one connection',
    );
    t.match(askedBy(ada.secret), { id: ada.id });
    t.equal(askedBy(ada.secret, nothing), undefined);
  },
);

await onEachDatabase(t, 'a change of rights is seen by the next question', async (t, store) => {
  await person(store, 'root');
  const { id, secret } = await person(store, 'ada');
  const other = await person(store, 'bob');
  const lab = await createLab(store.em(), { name: 'Optics', code: 'optics' });
  const access = cacheOf(store);
  t.teardown(() => access.close());
  await warm(access, secret);
  await warm(access, other.secret);
  const roles = async () => {
    const identity = await access.token(secret);
    return identity?.actor.kind === 'user' ? [...identity.actor.roles] : null;
  };
  const deps = { store, rules };
  t.same(await roles(), []);
  await addMember(deps, OPERATOR, lab.id, { user_id: id, role: 'viewer' });
  t.same(await roles(), [[lab.id, 'viewer']]);
  t.ok(access.keptToken(other.secret), 'other tokens stay cached');
  await removeMember(deps, OPERATOR, lab.id, id);
  t.same(await roles(), []);
  await changeUser(deps, OPERATOR, id, { disabled: true });
  t.equal(await access.token(secret), null);
});

await onEachDatabase(t, 'data read before a change is not cached after it', async (t, store) => {
  await person(store, 'root');
  const { id, secret } = await person(store, 'ada');
  let entered = () => {};
  let release = () => {};
  const slow: Store = Object.create(store, {
    em: {
      value: () => {
        const em = store.em();
        const execute = em.execute.bind(em);
        em.execute = (async (...args: Parameters<typeof execute>) => {
          const rows = await execute(...args);
          if (/from tokens t join users/.test(String(args[0]))) {
            entered();
            await new Promise<void>((resolve) => {
              release = resolve;
            });
          }
          return rows;
        }) as typeof em.execute;
        return em;
      },
    },
  });
  const access = cacheOf(slow);
  t.teardown(() => access.close());
  const reading = async () => {
    const begun = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const identity = access.token(secret);
    await begun;
    return { identity };
  };
  while (access.keptToken(secret) === undefined) {
    const { identity } = await reading();
    release();
    await identity;
  }
  await changeUser({ store, rules }, OPERATOR, id, { name: 'Ada' });
  const { identity } = await reading();
  await changeUser({ store, rules }, OPERATOR, id, { disabled: true });
  release();
  t.ok(await identity, 'a question asked before the change is answered');
  t.equal(access.keptToken(secret), undefined, 'its answer is not cached');
});

await onEachDatabase(
  t,
  'a change of a role adds its audit entry even if another change comes in between',
  async (t, store) => {
    if (store.embedded) return void t.pass('the embedded database has one connection');
    await person(store, 'root');
    const { id } = await person(store, 'ada');
    const lab = await createLab(store.em(), { name: 'Optics', code: 'optics' });
    const deps = { store, rules };
    await addMember(deps, OPERATOR, lab.id, { user_id: id, role: 'viewer' });
    let changing: Promise<unknown> | undefined;
    await store.transaction(async (em) => {
      await setMember(em, lab.id, id, 'admin');
      changing = changeMember(deps, OPERATOR, lab.id, { user_id: id, role: 'viewer' });
      const waiting = `select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      while ((await store.em().execute(waiting)).length === 0);
    });
    await changing;
    const { items } = await listAudit(store.em(), { page: 1, perPage: 1 });
    t.match(items, [
      { action: 'member.changed', before: { role: 'admin' }, after: { role: 'viewer' } },
    ]);
  },
);

await onEachDatabase(t, 'a change by SQL is noticed', async (t, store) => {
  const { id, secret } = await person(store, 'ada');
  const access = cacheOf(store);
  t.teardown(() => access.close());
  await warm(access, secret);
  await store.em().execute('update users set disabled = true where id = ?', [id]);
  while ((await access.token(secret)) !== null);
  t.pass('the account is disabled');
});
