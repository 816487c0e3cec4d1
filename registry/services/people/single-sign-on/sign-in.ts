/**
 * Signs people in through an OpenID provider with the code flow and PKCE (OpenID Connect Core, section 3.1; RFC 9700).
 */
import { Problem } from '../../../errors.ts';
import type { SingleSignOn } from '../../../single-sign-on.ts';
import type { Store } from '../../../store/open.ts';
import type { Throttle } from '../throttle.ts';
import { type Entered, type Link, signInAs } from './account.ts';
import { type Attempt, openProvider } from './provider.ts';
import { createSeal } from './seal.ts';

/** How long a person may take to sign in at the provider, in seconds. */
export const ATTEMPT_SECONDS = 600;

export interface SignOnDeps {
  store: Store;
  throttle: Throttle;
  publicUrl: () => string;
  /** The secret that encrypts the data that the browser stores during a sign-in. */
  secret: string;
  now?: (() => number) | undefined;
}

export interface SignOn {
  /**
   * Starts a sign-in. Returns the address of the provider for the browser, and sealed data (`kept`) that the browser must
   * store until it returns. `returnTo` is the path to which the person goes after the sign-in.
   */
  begin(returnTo: string, link?: Link): Promise<{ address: string; kept: string }>;
  /**
   * Completes a sign-in, and returns the account and the full address of the path from `begin`. Throws `sign_in_refused`,
   * `too_many_attempts`, `unavailable` and the errors of `signInAs`.
   */
  finish(
    address: string,
    answer: URLSearchParams,
    kept: string | undefined,
  ): Promise<Entered & { returnTo: string }>;
}

interface Kept {
  attempt: Attempt;
  returnTo: string;
  link?: Link | undefined;
}

/** `callback` is the path to which browsers return from the provider. */
export function createSignOn(deps: SignOnDeps, settings: SingleSignOn, callback: string): SignOn {
  const { store, throttle, publicUrl, secret, now } = deps;
  const provider = openProvider(settings, () => publicUrl() + callback);
  const seal = createSeal<Kept>(secret, 'single sign-on', ATTEMPT_SECONDS * 1000, now);
  return {
    async begin(path, link) {
      const returnTo = addressOf(publicUrl(), path);
      const { address, attempt } = await provider.begin();
      return { address, kept: seal.close({ attempt, returnTo, link }) };
    },

    async finish(address, answer, kept) {
      const tries = throttle.signOn(address);
      tries.demand();
      const opened = kept === undefined ? undefined : seal.open(kept);
      if (!opened || answer.get('state') !== opened.attempt.state) {
        throw new Problem(
          'sign_in_refused',
          `This sign-in was started in another browser, took longer than ${ATTEMPT_SECONDS / 60} minutes, or was replaced by a newer one. Allow cookies and start again at ${publicUrl()}.`,
        );
      }
      try {
        const claims = await provider.finish(answer, opened.attempt);
        const entered = await signInAs(store, settings, address, claims, opened.link);
        return { ...entered, returnTo: opened.returnTo };
      } catch (error) {
        if (error instanceof Problem && error.code === 'sign_in_refused') tries.failed();
        throw error;
      }
    },
  };
}

/**
 * The full address of a path of the registry. The path is parsed in the way of browsers, which read `//host`, `/\host`
 * and similar as the address of another host. Throws `invalid` for such a path.
 */
export function addressOf(publicUrl: string, path: string): string {
  const registry = new URL(publicUrl);
  const target = path.startsWith('/') && URL.canParse(path, publicUrl) && new URL(path, registry);
  if (target && target.origin === registry.origin) return target.href;
  const message = 'must be a path of the registry';
  throw new Problem('invalid', `return_to ${message}`, [{ path: 'return_to', message }]);
}
