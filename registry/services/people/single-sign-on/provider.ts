/** Talks to the OpenID provider and interprets its answers. The protocol library is loaded on demand. */
import type { ClientAuth, Configuration } from 'openid-client';
import { Problem } from '../../../errors.ts';
import type { SingleSignOn } from '../../../single-sign-on.ts';
import type { Claims } from './profile.ts';

/** Binds the answer of the provider to the browser that was sent there. */
export interface Attempt {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface Provider {
  /**
   * The address to send the browser to. Throws `unavailable` if the provider's discovery document cannot be
   * fetched.
   */
  begin(): Promise<{ address: string; attempt: Attempt }>;
  /**
   * The claims for the parameters that the browser returned with. Throws `sign_in_refused` if they are not
   * valid, `unavailable`.
   */
  finish(answer: URLSearchParams, attempt: Attempt): Promise<Claims>;
}

/** The timeout for each answer of the provider, in seconds; a person is waiting. */
const PATIENCE = 10;

/** `callback`: the return address that is registered at the provider. */
export function openProvider(settings: SingleSignOn, callback: () => string): Provider {
  let found: Promise<Configuration> | undefined;
  const provider = async () => {
    found ??= discover(settings);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw unreachable(error);
    }
  };
  return {
    async begin() {
      const [config, client] = await Promise.all([provider(), import('openid-client')]);
      const attempt = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        codeVerifier: client.randomPKCECodeVerifier(),
      };
      const address = client.buildAuthorizationUrl(config, {
        redirect_uri: callback(),
        scope: settings.scopes,
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
        code_challenge_method: 'S256',
      });
      return { address: address.href, attempt };
    },

    async finish(answer, { state, nonce, codeVerifier }) {
      const [config, client] = await Promise.all([provider(), import('openid-client')]);
      try {
        const tokens = await client.authorizationCodeGrant(
          config,
          new URL(`${callback()}?${answer}`),
          { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier },
        );
        const claims = tokens.claims();
        if (!claims) throw new Error('the answer has no ID token, although a nonce was sent');
        const userInfo = config.serverMetadata().userinfo_endpoint
          ? await client.fetchUserInfo(config, tokens.access_token, claims.sub)
          : {};
        return { ...userInfo, ...claims };
      } catch (error) {
        throw await meaningOf(error);
      }
    },
  };
}

async function discover({ issuer, clientId, clientSecret }: SingleSignOn) {
  const client = await import('openid-client');
  return await client.discovery(
    issuer,
    clientId,
    undefined,
    clientSecret === undefined ? client.None() : await secretAuthentication(clientSecret),
    {
      timeout: PATIENCE,
      execute: [
        // Verifies signatures of ID tokens too, although they come from the provider over TLS.
        client.enableNonRepudiationChecks,
        // The configuration allows http only within one machine.
        ...(issuer.protocol === 'http:' ? [client.allowInsecureRequests] : []),
      ],
    },
  );
}

/**
 * HTTP Basic, which every provider accepts unless it says otherwise (OpenID Connect Discovery, section 3).
 */
async function secretAuthentication(secret: string): Promise<ClientAuth> {
  const { ClientSecretBasic, ClientSecretPost } = await import('openid-client');
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported;
    return (!methods || methods.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
}

/** Causes contain only what is safe in a log, because the answers themselves contain codes and tokens. */
async function meaningOf(error: unknown): Promise<Problem> {
  const { AuthorizationResponseError, ClientError, ResponseBodyError } = await import(
    'openid-client'
  );
  if (error instanceof AuthorizationResponseError) {
    const cancelled = error.error === 'access_denied';
    const text = cancelled
      ? 'The sign-in was cancelled, or the provider does not permit you to use this registry.'
      : 'The provider refused the sign-in.';
    return refusal(text, `the provider answers ${error.error}`);
  }
  if (error instanceof ResponseBodyError) {
    const reason = `the provider answers ${error.error}: ${error.error_description ?? ''}`;
    if (error.error === 'invalid_grant') {
      return refusal('The sign-in took too long, or its address was used twice.', reason);
    }
    return unreachable(new Error(reason));
  }
  if (error instanceof ClientError && WRONG.has(error.code ?? '')) {
    return refusal('The answer of the provider could not be verified.', reasonOf(error));
  }
  return unreachable(error);
}

/** Codes of openid-client for an answer that arrived but is not valid. */
const WRONG = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
]);

const refusal = (detail: string, reason: string): Problem =>
  new Problem('sign_in_refused', `${detail} Start again.`, undefined, { cause: new Error(reason) });

function unreachable(error: unknown): Problem {
  return new Problem(
    'unavailable',
    'The provider of single sign-on cannot be reached, or it refuses the registry. Try again in a moment. Site admins find the reason in the log.',
    undefined,
    { cause: new Error(reasonOf(error)) },
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, cause } = error as Error & { code?: unknown };
  const because = cause instanceof Error ? `: ${reasonOf(cause)}` : '';
  return `${error.message}${typeof code === 'string' ? ` (${code})` : ''}${because}`;
}
