/** A real OpenID provider in this process. The provider signs in a preset person without asking anything. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';
import type { Test } from 'tap';

export interface TestProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** The claims about each person, by `sub`. Tests may change them. */
  people: Map<string, Record<string, unknown>>;
  /** The `sub` of the person who uses the browser. With null the person cancels the sign-in. */
  atBrowser: string | null;
  /** Changes the claims of an ID token before it is signed, and may choose another key. */
  forge: ((claims: Record<string, unknown>) => { claims: object; key?: KeyObject }) | null;
  /** The paths of all requests that the provider has received. */
  requests: string[];
  /** Stops listening, like a provider that is down. `up` starts the provider again at the same address. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a provider. The provider calls `redirectUri` only when a browser arrives, because the registry starts after
 * its provider.
 */
export async function startProvider(
  t: Test,
  redirectUri: () => string,
  { isPublic = false } = {},
): Promise<TestProvider> {
  const server = createServer();
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://localhost:${port}`;
  const clientId = 'registry';
  const clientSecret = 'a secret of the registry & its provider';
  const people: TestProvider['people'] = new Map();
  const provider: TestProvider = {
    issuer,
    clientId,
    clientSecret,
    people,
    atBrowser: null,
    forge: null,
    requests: [],
    down: () => stop(server),
    up: () => listen(server, port),
    close: async () => (server.listening ? await stop(server) : undefined),
  };
  const configuration: Configuration = {
    // Clients are added at the first request, because their address is known only when the registry listens.
    clients: [],
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username', 'groups'],
      email: ['email', 'email_verified'],
    },
    cookies: { keys: ['of the provider'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: TTL,
    jwks: { keys: [{ ...KEY.export({ format: 'jwk' }), use: 'sig', kid: KID }] },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub) }) }),
    async loadExistingGrant({ oidc }) {
      const accountId = oidc.session?.accountId;
      if (accountId === undefined || !oidc.client) return undefined;
      const grant = new oidc.provider.Grant({ accountId, clientId: oidc.client.clientId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  };
  let made: Provider | undefined;
  const make = () =>
    new Provider(issuer, {
      ...configuration,
      clients: [
        {
          client_id: clientId,
          ...(isPublic
            ? { token_endpoint_auth_method: 'none' as const }
            : { client_secret: clientSecret }),
          redirect_uris: [redirectUri()],
        },
      ],
    });
  const start = () => {
    const provider = make();
    provider.use(async (context, next) => {
      await next();
      const body = context.body as { id_token?: string } | undefined;
      if (body?.id_token && forge()) body.id_token = applyForge(body.id_token, forge());
    });
    return provider;
  };
  const forge = () => provider.forge;
  server.on('request', (request, response) => {
    provider.requests.push(request.url?.split('?')[0] ?? '');
    made ??= start();
    if (request.url?.startsWith('/interaction/')) void signIn(made, provider, request, response);
    else void made.callback()(request, response);
  });
  t.teardown(provider.close);
  return provider;
}

/** Lifetimes in seconds. */
const TTL = {
  AccessToken: 60,
  AuthorizationCode: 60,
  Grant: 60,
  IdToken: 60,
  Interaction: 60,
  Session: 60,
};
const KID = 'of the provider';
const { privateKey: KEY } = generateKeyPairSync('rsa', { modulusLength: 2048 });

function applyForge(token: string, forge: TestProvider['forge']): string {
  const [head = '', payload = ''] = token.split('.');
  const claimed = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
    string,
    unknown
  >;
  const { claims, key = KEY } = forge?.(claimed) ?? { claims: claimed };
  const signed = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

async function signIn(
  made: Provider,
  { atBrowser }: TestProvider,
  request: IncomingMessage,
  response: ServerResponse,
) {
  await made.interactionFinished(
    request,
    response,
    atBrowser === null
      ? { error: 'access_denied', error_description: 'cancelled' }
      : { login: { accountId: atBrowser, remember: false } },
  );
}

const listen = (server: ReturnType<typeof createServer>, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve());
  });

const stop = (server: ReturnType<typeof createServer>): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** A minimal browser: it keeps cookies separately for each origin, and follows redirects. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>();
  /** Every address that the browser opened, in order. */
  readonly visited: string[] = [];

  /** Opens an address and follows its redirects. Stops before an address for which `until` returns true. */
  async open(
    address: string,
    until: (address: string) => boolean = () => false,
  ): Promise<Response> {
    for (let url = address; ; ) {
      this.visited.push(url);
      const answer = await fetch(url, {
        redirect: 'manual',
        headers: { accept: 'text/html,*/*', cookie: this.cookie(url) },
      });
      this.keep(url, answer.headers.getSetCookie());
      const location = answer.headers.get('location');
      if (location === null) return answer;
      const next = new URL(location, url).href;
      if (until(next)) return answer;
      await answer.body?.cancel();
      url = next;
    }
  }

  /** The Cookie header for this URL. */
  cookie(url: string): string {
    return [...this.#jar(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  set(url: string, name: string, value: string): void {
    this.#jar(url).set(name, value);
  }

  #jar(url: string): Map<string, string> {
    const { origin } = new URL(url);
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    return jar;
  }

  keep(url: string, cookies: string[]): void {
    for (const cookie of cookies) {
      const [pair = '', ...attributes] = cookie.split(/; */);
      const [name = '', value = ''] = [
        pair.slice(0, pair.indexOf('=')),
        pair.slice(pair.indexOf('=') + 1),
      ];
      const gone = attributes.some((attribute) => /^expires=Thu, 01 Jan 1970/i.test(attribute));
      if (gone || value === '') this.#jar(url).delete(name);
      else this.#jar(url).set(name, value);
    }
  }
}
