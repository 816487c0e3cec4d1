/**
 * The configuration: one schema that defines the type, the environment variables, the flags of `registry serve` and the
 * table in the README. Only this file reads the environment.
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
    description: 'folder of the repositories, the embedded database and the keys',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.+',
      description: 'PostgreSQL 15 or newer; unset: the embedded database',
    }),
  ),
  PUBLIC_URL: Type.Optional(
    Type.String({
      format: 'origin',
      description: 'start of links and clone addresses, without a path; unset: http://HOST:PORT',
    }),
  ),
  TRUSTED_PROXIES: Type.Optional(
    Type.String({
      format: 'networks',
      description:
        'reverse proxies whose X-Forwarded headers are trusted: addresses or networks, separated by commas',
    }),
  ),
  ADMIN_USERNAME: Type.String({
    default: 'admin',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    description: 'username of the first administrator, used only while there is no account',
  }),
  ADMIN_PASSWORD: Type.Optional(
    Type.String({
      minLength: 8,
      description: 'password of the first administrator; unset: generated',
    }),
  ),
  JWT_SECRET: Type.Optional(
    Type.String({
      minLength: 32,
      description: 'secret that signs session tokens; unset: generated once, kept in DATA_DIR/keys',
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
      description: 'OpenID provider for single sign-on; unset: no single sign-on',
    }),
  ),
  OIDC_CLIENT_ID: Type.Optional(
    Type.String({ minLength: 1, description: 'client id of the registry at the provider' }),
  ),
  OIDC_CLIENT_SECRET: Type.Optional(
    Type.String({ minLength: 1, description: 'client secret of the registry at the provider' }),
  ),
  OIDC_SCOPES: Type.String({
    default: 'openid profile email',
    description: 'scopes to request from the provider, separated by spaces',
  }),
  OIDC_GROUPS_CLAIM: Type.String({
    default: 'groups',
    minLength: 1,
    description: 'claim that holds the groups of a person',
  }),
  OIDC_GROUP_ROLES: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'roles that groups grant: JSON, or the path of a JSON file',
    }),
  ),
  METRICS_TOKEN: Type.Optional(
    Type.String({
      minLength: 16,
      description: 'Bearer token for /metrics; unset: only this machine can read it',
    }),
  ),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'least severe level that is logged',
  }),
  MAX_FILE_BYTES: Type.Integer({
    default: 1024 * 1024,
    minimum: 1024,
    description: 'largest file in a definition, in bytes',
  }),
  MAX_PACK_BYTES: Type.Integer({
    default: 64 * 1024 * 1024,
    minimum: 1024,
    description: 'largest push, in bytes as transferred',
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
    description: 'whether answers to git are kept in memory: 0 for no, to look for a fault',
  }),
});

/**
 * An address, or a network such as `10.1.0.0/16`. The network of all addresses is refused, because any client could
 * then forge its address.
 */
function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return bits > 0 && (prefix === undefined || (Number(prefix) >= 1 && Number(prefix) <= bits));
}

/** The registry needs a host of its own: pages, cookies and clone addresses start at its root. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
}

export type Config = Readonly<Static<typeof ConfigSchema>>;

// Validating the schema at every start would compile the schema of JSON Schema, which takes time.
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

/** Messages for formats, because Ajv reports only their names. */
const FORMATS: Record<string, string> = {
  networks: 'must be addresses or networks such as 10.0.0.5 or 10.1.0.0/16, separated by commas',
  origin:
    'must be an address without a path, such as https://registry.example: the registry needs a host name of its own',
};

/** Whether the value of a setting is or may contain a secret. */
export const isSecret = (name: string): boolean => /PASSWORD|SECRET|TOKEN|URL/.test(name);

export class ConfigError extends Error {
  readonly code = 'bad_config';
}

/**
 * Reads the configuration from the environment; flags take precedence. Empty strings count as unset, because shells and
 * compose files write them for unset values. Throws `ConfigError`, which names each invalid setting.
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
