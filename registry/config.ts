/**
 * The configuration: one schema, from which the type, the environment variables, the flags of
 * `registry serve` and the table in the README follow. Only this file reads the environment.
 */
import { isIP } from 'node:net';
import { Ajv } from 'ajv';
import type { Static } from 'typebox';
import { Type } from './schemas/build.ts';

const ConfigSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', minLength: 1, description: 'address to listen on' }),
  PORT: Type.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65535,
    description: 'port to listen on; 0 picks a free one and prints it',
  }),
  DATA_DIR: Type.String({
    default: './var',
    minLength: 1,
    description: 'folder of repositories, embedded database and keys',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.+',
      description: 'a PostgreSQL 15 or newer; unset: the embedded database',
    }),
  ),
  PUBLIC_URL: Type.Optional(
    Type.String({
      format: 'origin',
      description:
        'what links and clone addresses begin with, without a path; unset: http://HOST:PORT',
    }),
  ),
  TRUSTED_PROXIES: Type.Optional(
    Type.String({
      format: 'networks',
      description:
        'reverse proxies that are believed whom they ask for (X-Forwarded-For): addresses or networks, with commas between',
    }),
  ),
  ADMIN_USERNAME: Type.String({
    default: 'admin',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    description: 'the first administrator, used only while there is no user',
  }),
  ADMIN_PASSWORD: Type.Optional(
    Type.String({
      minLength: 8,
      description: "the first administrator's password; unset: made up",
    }),
  ),
  JWT_SECRET: Type.Optional(
    Type.String({
      minLength: 32,
      description: 'signs session tokens; unset: made once, kept in DATA_DIR/keys',
    }),
  ),
  ANONYMOUS_READ: Type.Boolean({
    default: false,
    description:
      'whether public and built-in definitions can be read and cloned without signing in',
  }),
  OIDC_ISSUER: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'the OpenID provider for single sign-on; unset: there is none',
    }),
  ),
  OIDC_CLIENT_ID: Type.Optional(
    Type.String({ minLength: 1, description: 'what the provider calls the registry' }),
  ),
  OIDC_CLIENT_SECRET: Type.Optional(
    Type.String({ minLength: 1, description: 'how the registry proves to the provider who it is' }),
  ),
  OIDC_SCOPES: Type.String({
    default: 'openid profile email',
    description: 'what the provider is asked to tell, with spaces between',
  }),
  OIDC_GROUPS_CLAIM: Type.String({
    default: 'groups',
    minLength: 1,
    description: 'the claim in which the provider names the groups of a person',
  }),
  OIDC_GROUP_ROLES: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'what groups give: JSON, or the path of a file of it',
    }),
  ),
  METRICS_TOKEN: Type.Optional(
    Type.String({
      minLength: 16,
      description: 'the Bearer token for /metrics; unset: it is read from this machine alone',
    }),
  ),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'how much is logged',
  }),
  MAX_FILE_BYTES: Type.Integer({
    default: 1024 * 1024,
    minimum: 1024,
    description: 'largest file in a definition, in bytes',
  }),
  MAX_PACK_BYTES: Type.Integer({
    default: 64 * 1024 * 1024,
    minimum: 1024,
    description: 'largest push, in bytes as sent',
  }),
});

/** An address, or a network as `10.1.0.0/16`; not the network of everybody, who would then be believed anything. */
function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return bits > 0 && (prefix === undefined || (Number(prefix) >= 1 && Number(prefix) <= bits));
}

/** Where the registry is the whole of a host: pages, cookies and addresses of clones stand at its root. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
}

export type Config = Readonly<Static<typeof ConfigSchema>>;

// That this schema is one needs no check at every start: JSON Schema's own would have to be compiled for it.
const check = new Ajv({
  allErrors: true,
  coerceTypes: true,
  useDefaults: true,
  meta: false,
  validateSchema: false,
  formats: { networks: (text: string) => text.split(',').every(isNetwork), origin: isOrigin },
}).compile<Config>(ConfigSchema);

/** One setting as the command line and the README show it. */
export interface Setting {
  name: keyof Config;
  /** The flag of `registry serve`: `--data-dir` for `DATA_DIR`. */
  flag: string;
  description: string;
  default: unknown;
}

export const SETTINGS: readonly Setting[] = Object.entries(ConfigSchema.properties).map(
  ([name, schema]) => ({
    name: name as keyof Config,
    flag: `--${name.toLowerCase().replaceAll('_', '-')}`,
    description: String((schema as { description?: string }).description),
    default: (schema as { default?: unknown }).default,
  }),
);

/** What to write, where Ajv would give no more than the name of a format. */
const FORMATS: Record<string, string> = {
  networks: 'must be addresses or networks, as 10.0.0.5 or 10.1.0.0/16, with commas between',
  origin:
    'must be an address without a path, as https://registry.example: below a path of another site the registry cannot be served, give it a host name of its own',
};

/** Whether a setting is one, or may have one in it. */
export const isSecret = (name: string): boolean => /PASSWORD|SECRET|TOKEN|URL/.test(name);

export class ConfigError extends Error {
  readonly code = 'bad_config';
}

/**
 * Settles the configuration from the environment, with flags laid over it. Empty strings count as
 * unset, as shells and compose files write them. Throws `ConfigError` naming each bad setting.
 */
export function loadConfig(
  environment: Record<string, string | undefined> = process.env,
  flags: Partial<Record<keyof Config, string>> = {},
): Config {
  const given: Record<string, string> = {};
  for (const { name } of SETTINGS) {
    const value = flags[name] ?? environment[name];
    if (value !== undefined && value !== '') given[name] = value;
  }
  const config: unknown = { ...given };
  if (!check(config)) {
    const lines = (check.errors ?? []).map(({ instancePath, message: said, params }) => {
      const name = instancePath.slice(1);
      const message = FORMATS[String(params.format)] ?? said;
      const shown = isSecret(name) ? '' : ` (it is ${JSON.stringify(given[name])})`;
      return `${name} ${message}${shown}`;
    });
    throw new ConfigError(lines.join('\n'));
  }
  return Object.freeze(config);
}
