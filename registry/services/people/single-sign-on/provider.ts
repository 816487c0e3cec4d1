/** Sends requests to the OpenID provider and checks its answers. The protocol library is loaded when it is needed. */
import type { ClientAuth, Configuration } from 'openid-client';
import { Problem } from '../../../errors.ts';
import type { SingleSignOn } from '../../../single-sign-on.ts';
import type { Claims } from './profile.ts';

/** Values that tie the provider's answer to the browser that started the sign-in. */
export interface Attempt {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface Provider {
  /**
   * Starts a sign-in, and returns the address of the provider for the browser. Throws `unavailable` if the provider's
   * discovery document cannot be fetched.
   */
  begin(): Promise<{ address: string; attempt: Attempt }>;
  /**
   * Fetches the claims for the parameters with which the browser returned. Throws `sign_in_refused` if the parameters are
   * not valid, and `unavailable`.
   */
  finish(answer: URLSearchParams, attempt: Attempt): Promise<Claims>;
}

/**
 * How long the registry waits for each answer of the provider, in seconds. The time is short, because a person is
 * waiting.
 */
const PATIENCE = 10;

/** `callback` returns the return address, which must be registered at the provider. */
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
        // The signatures of ID tokens are verified, although the tokens come directly from the provider over TLS.
        client.enableNonRepudiationChecks,
        // The configuration accepts an http address only for a provider on the same machine.
        ...(issuer.protocol === 'http:' ? [client.allowInsecureRequests] : []),
      ],
    },
  );
}

/**
 * Sends the client secret by HTTP Basic. If the provider's metadata does not list this method, the secret goes into the
 * body. Providers without such a list accept HTTP Basic (OpenID Connect Discovery, section 3).
 */
async function secretAuthentication(secret: string): Promise<ClientAuth> {
  const { ClientSecretBasic, ClientSecretPost } = await import('openid-client');
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported;
    return (!methods || methods.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
}

/**
 * Turns an error of the protocol library into a `Problem`. The cause goes to the log, so it must not contain the
 * provider's answer, which contains codes and tokens.
 */
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

/** Error codes of openid-client for invalid answers of the provider. */
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
