/** Which settings of single sign-on the registry refuses at startup, and with which messages. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../registry/config.ts';
import { singleSignOnOf } from '../../registry/single-sign-on.ts';
import { registry } from '../helpers/command.ts';

const GOOD = { OIDC_ISSUER: 'https://login.uni.example/realms/lab', OIDC_CLIENT_ID: 'registry' };
const settings = (environment: Record<string, string>) => singleSignOnOf(loadConfig(environment));
const roles = { staff: { labs: { nano: 'viewer' } }, operators: { site_admin: true } };

t.test('an issuer and a client id are enough', async (t) => {
  t.equal(settings({}), null);
  t.match(settings(GOOD), {
    issuer: new URL(GOOD.OIDC_ISSUER),
    clientId: 'registry',
    clientSecret: undefined,
    scopes: 'openid profile email',
    groupsClaim: 'groups',
    groupRoles: null,
  });
  for (const OIDC_ISSUER of ['http://localhost:8081', 'http://127.0.0.1/x', 'http://[::1]:1']) {
    t.ok(settings({ ...GOOD, OIDC_ISSUER }), 'plain http within the machine');
  }
});

t.test('group roles are JSON, inline or in a file', async (t) => {
  const file = join(t.testdir(), 'roles.json');
  await writeFile(file, JSON.stringify(roles));
  for (const OIDC_GROUP_ROLES of [JSON.stringify(roles), file]) {
    t.same(settings({ ...GOOD, OIDC_GROUP_ROLES })?.groupRoles, roles);
  }
});

t.test('invalid settings are refused with instructions', async (t) => {
  const { OIDC_ISSUER, OIDC_CLIENT_ID } = GOOD;
  const file = join(t.testdir(), 'roles.json');
  await writeFile(file, '{');
  const bad: [environment: Record<string, string>, message: RegExp][] = [
    [{ OIDC_CLIENT_ID }, /^OIDC_CLIENT_ID needs OIDC_ISSUER/],
    [{ OIDC_CLIENT_SECRET: 'hidden' }, /^OIDC_CLIENT_SECRET needs OIDC_ISSUER/],
    [{ OIDC_GROUP_ROLES: '{}' }, /^OIDC_GROUP_ROLES needs OIDC_ISSUER/],
    [{ OIDC_ISSUER }, /^OIDC_ISSUER needs OIDC_CLIENT_ID/],
    [{ ...GOOD, OIDC_ISSUER: 'login.uni.example' }, /^OIDC_ISSUER is not a URL/],
    [{ ...GOOD, OIDC_ISSUER: 'http://login.uni.example' }, /^OIDC_ISSUER must begin with https/],
    [{ ...GOOD, OIDC_ISSUER: 'http://localhost.evil.example' }, /^OIDC_ISSUER must begin with/],
    [{ ...GOOD, OIDC_SCOPES: 'profile email' }, /^OIDC_SCOPES must contain openid/],
    [{ ...GOOD, OIDC_GROUP_ROLES: '{"a": ' }, /^OIDC_GROUP_ROLES cannot be read as JSON/],
    [
      { ...GOOD, OIDC_GROUP_ROLES: '/nowhere.json' },
      /^OIDC_GROUP_ROLES \(\/nowhere.json\) .*ENOENT/,
    ],
    [
      { ...GOOD, OIDC_GROUP_ROLES: file },
      /^OIDC_GROUP_ROLES \(.*roles.json\) cannot be read as JSON/,
    ],
    [{ ...GOOD, OIDC_GROUP_ROLES: '{"a": []}' }, /^OIDC_GROUP_ROLES \/a must be object/],
    [
      { ...GOOD, OIDC_GROUP_ROLES: '{"a": {"labs": {"nano": "owner"}}}' },
      /\/a\/labs\/nano must be equal to one of the allowed values: viewer, contributor, admin/,
    ],
    [{ ...GOOD, OIDC_GROUP_ROLES: '{"a": {"lab": {}}}' }, /\/a must NOT have additional.*: lab/],
    [{ ...GOOD, OIDC_GROUP_ROLES: '{"a": {"site_admin": "yes"}}' }, /\/a\/site_admin must be bool/],
  ];
  for (const [environment, message] of bad) {
    t.throws(() => settings(environment), { code: 'bad_config', message }, String(message));
  }
  const DATA_DIR = t.testdir();
  const flag = await registry(['serve', '--oidc-client-id', 'registry'], { DATA_DIR });
  t.match(flag, { code: 2, stderr: /OIDC_CLIENT_ID needs OIDC_ISSUER/ });
});
