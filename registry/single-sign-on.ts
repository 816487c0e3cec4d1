/** Reads the settings of single sign-on from the configuration. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { GroupRoles } from './access/groups.ts';
import { type Config, ConfigError } from './config.ts';
import { Type } from './schemas/build.ts';
import { Role } from './schemas/people.ts';

export interface SingleSignOn {
  issuer: URL;
  clientId: string;
  /** Undefined for a public client, which uses only PKCE. */
  clientSecret: string | undefined;
  scopes: string;
  /** The claim that contains the groups of a person. */
  groupsClaim: string;
  /** The roles that groups give. Null if groups do not give roles. */
  groupRoles: GroupRoles | null;
}

/** Returns null if no provider is configured. Reads the file in `OIDC_GROUP_ROLES`, if it is a path. Throws `ConfigError`. */
export function singleSignOnOf(config: Config): SingleSignOn | null {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_GROUP_ROLES } = config;
  if (OIDC_ISSUER === undefined) {
    const orphan = Object.entries({ OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_GROUP_ROLES }).find(
      ([, value]) => value !== undefined,
    );
    if (!orphan) return null;
    throw new ConfigError(`${orphan[0]} needs OIDC_ISSUER, which is not set`);
  }
  if (OIDC_CLIENT_ID === undefined) {
    throw new ConfigError('OIDC_ISSUER needs OIDC_CLIENT_ID, which is not set');
  }
  if (!config.OIDC_SCOPES.split(' ').includes('openid')) {
    throw new ConfigError(`OIDC_SCOPES must contain openid (it is "${config.OIDC_SCOPES}")`);
  }
  return {
    issuer: issuerOf(OIDC_ISSUER),
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    scopes: config.OIDC_SCOPES,
    groupsClaim: config.OIDC_GROUPS_CLAIM,
    groupRoles: OIDC_GROUP_ROLES === undefined ? null : groupRolesOf(OIDC_GROUP_ROLES),
  };
}

/**
 * Requires https, except on the same machine. With plain http, an attacker could forge the provider's answers and sign in as
 * anybody.
 */
function issuerOf(text: string): URL {
  if (!URL.canParse(text)) throw new ConfigError(`OIDC_ISSUER is not a URL (it is "${text}")`);
  const issuer = new URL(text);
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(issuer.hostname);
  if (issuer.protocol === 'https:' || local) return issuer;
  throw new ConfigError(`OIDC_ISSUER must begin with https:// (it is "${text}")`);
}

const GroupRolesSchema = Type.Record(
  Type.String(),
  Type.Object(
    {
      labs: Type.Optional(Type.Record(Type.String(), Role)),
      site_admin: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
);

/** @param value JSON if it starts with `{`, otherwise the path of a JSON file */
function groupRolesOf(value: string): GroupRoles {
  const inline = value.trimStart().startsWith('{');
  const what = inline ? 'OIDC_GROUP_ROLES' : `OIDC_GROUP_ROLES (${value})`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(inline ? value : readFileSync(value, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${what} cannot be read as JSON: ${(error as Error).message}`);
  }
  const check = new Ajv({ allErrors: true }).compile<GroupRoles>(GroupRolesSchema);
  if (check(parsed)) return parsed;
  const lines = (check.errors ?? []).map(({ instancePath, message, params }) => {
    const allowed = params.allowedValues ? `: ${params.allowedValues.join(', ')}` : '';
    const extra = params.additionalProperty ? `: ${params.additionalProperty}` : '';
    return `${what} ${instancePath} ${message}${allowed}${extra}`;
  });
  throw new ConfigError(lines.join('\n'));
}
