/**
 * The configuration. One schema defines the type of the configuration, the environment variables and the flags of
 * `registry serve`. A test compares the README with this schema. No other file reads environment variables for
 * settings.
 */
import { isIP } from 'node:net';
import { Ajv } from 'ajv';
import type { Static } from 'typebox';
import { Type } from './schemas/build.ts';

const ConfigSchema = Type.Object({
  HOST: Type.String({
    default: '127.0.0.1',
    minLength: 1,
    description: 'the address to listen on',
  }),
  PORT: Type.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65535,
    description: 'the port to listen on; 0 picks a free port and prints it',
  }),
  DATA_DIR: Type.String({
    default: './var',
    minLength: 1,
    description: 'the folder of the repositories, the embedded database and the keys',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.+',
      description:
        'the address of a PostgreSQL server, 15 or newer; if unset, the embedded database is used',
    }),
  ),
  PUBLIC_URL: Type.Optional(
    Type.String({
      format: 'origin',
      description:
        'the start of links and clone addresses, without a path; if unset, http://HOST:PORT',
    }),
  ),
  TRUSTED_PROXIES: Type.Optional(
    Type.String({
      format: 'networks',
      description:
        'addresses or networks of reverse proxies, separated by commas; their X-Forwarded headers are trusted',
    }),
  ),
  ADMIN_USERNAME: Type.String({
    default: 'admin',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    description: 'the username of the first administrator; used only while there is no account',
  }),
  ADMIN_PASSWORD: Type.Optional(
    Type.String({
      minLength: 8,
      description: 'the password of the first administrator; if unset, one is generated',
    }),
  ),
  JWT_SECRET: Type.Optional(
    Type.String({
      minLength: 32,
      description:
        'the secret that signs session tokens; if unset, one is generated and stored in DATA_DIR/keys',
    }),
  ),
  ANONYMOUS_READ: Type.Boolean({
    default: false,
    description:
      'whether anybody can read and clone public and built-in definitions without signing in',
  }),
  OIDC_ISSUER: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'the OpenID provider for single sign-on; if unset, there is no single sign-on',
    }),
  ),
  OIDC_CLIENT_ID: Type.Optional(
    Type.String({ minLength: 1, description: 'the client id of the registry at the provider' }),
  ),
  OIDC_CLIENT_SECRET: Type.Optional(
    Type.String({ minLength: 1, description: 'the client secret of the registry at the provider' }),
  ),
  OIDC_SCOPES: Type.String({
    default: 'openid profile email',
    description: 'the scopes to request from the provider, separated by spaces',
  }),
  OIDC_GROUPS_CLAIM: Type.String({
    default: 'groups',
    minLength: 1,
    description: 'the claim that contains the groups of a person',
  }),
  OIDC_GROUP_ROLES: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'the roles that groups give, as JSON or the path of a JSON file',
    }),
  ),
  METRICS_TOKEN: Type.Optional(
    Type.String({
      minLength: 16,
      description:
        'the Bearer token for /metrics; if unset, only this machine can read the metrics',
    }),
  ),
  BACKUP_DIR: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'the folder in which the server makes backups; if unset, it makes none by itself',
    }),
  ),
  BACKUP_MINUTES: Type.Integer({
    default: 360,
    minimum: 1,
    description: 'the time between two automatic backups, in minutes',
  }),
  BACKUP_DAYS: Type.Integer({
    default: 30,
    minimum: 1,
    description: 'how long automatic backups are kept, in days',
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'the least severe level that is logged',
  }),
  MAX_FILE_BYTES: Type.Integer({
    default: 1024 * 1024,
    minimum: 1024,
    description: 'the largest file of a definition, in bytes',
  }),
  MAX_PACK_BYTES: Type.Integer({
    default: 64 * 1024 * 1024,
    minimum: 1024,
    description: 'the largest push, in bytes as transferred',
  }),
  CACHE_BYTES: Type.Integer({
    default: 320 * 1024 * 1024,
    minimum: 1024 * 1024,
    description: 'the memory that all caches may take together, in bytes',
  }),
  GIT_ANSWER_CACHE: Type.Integer({
    default: 1,
    minimum: 0,
    maximum: 1,
    description:
      'whether answers to git clients are cached; 0 turns the cache off to look for a fault',
  }),
});

/**
 * Whether a text is an address, or a network such as `10.1.0.0/16`. The network of all addresses is refused, because any
 * client could then forge its address.
 */
function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return bits > 0 && (prefix === undefined || (Number(prefix) >= 1 && Number(prefix) <= bits));
}

/** Whether a text is an address without a path. Pages, cookies and clone addresses of the registry need the root path. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
}

export type Config = Readonly<Static<typeof ConfigSchema>>;

// Does not validate the schema itself: every start would then compile the schema of JSON Schema, which takes time.
const check = new Ajv({
  allErrors: true,
  coerceTypes: true,
  useDefaults: true,
  meta: false,
  validateSchema: false,
  formats: { networks: (text: string) => text.split(',').every(isNetwork), origin: isOrigin },
}).compile<Config>(ConfigSchema);

/** A setting, for the help text of the command line and for the check of the README. */
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

/** Messages for values with a wrong format. Ajv's own messages contain only the name of the format. */
const FORMATS: Record<string, string> = {
  networks: 'must be addresses or networks such as 10.0.0.5 or 10.1.0.0/16, separated by commas',
  origin:
    'must be an address without a path, such as https://registry.example: the registry needs a host name of its own',
};

/** Whether the value of a setting may be or contain a secret. */
export const isSecret = (name: string): boolean => /PASSWORD|SECRET|TOKEN|URL/.test(name);

export class ConfigError extends Error {
  readonly code = 'bad_config';
}

/**
 * Reads the configuration from the environment variables and the flags. Flags take precedence. An empty value counts as
 * unset, because shells and compose files pass empty values for unset variables. Throws `ConfigError`, which names each
 * invalid setting.
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
    const lines = (check.errors ?? []).map(({ instancePath, message: text, params }) => {
      const name = instancePath.slice(1);
      const message = FORMATS[String(params.format)] ?? text;
      const shown = isSecret(name) ? '' : ` (it is ${JSON.stringify(given[name])})`;
      return `${name} ${message}${shown}`;
    });
    throw new ConfigError(lines.join('\n'));
  }
  return Object.freeze(config);
}
