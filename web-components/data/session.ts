/** The session of the signed-in user. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { createClient, RegistryError } from '../../client/typescript/client.ts';
import type { Me, Role } from '../../registry/schemas/people.ts';

export type { Me } from '../../registry/schemas/people.ts';

// These requests do not use the client in client.ts, because that client would wait for a renewed session.
const client = createClient({ url: '' });

/**
 * The session of this window.
 *
 * @fires change - The user signed in or out, or the session turned out to have ended.
 *
 * @fires ended - A request waits for the user to sign in again.
 */
class Session extends EventTarget {
  /**
   * The signed-in user, null if nobody is signed in, or undefined until known. After the session has ended, `me` is
   * still the last user.
   */
  me: Me | null | undefined;
  /**
   * Whether the session has ended although the user did not sign out. After the end of a session, the page stays as it
   * is.
   */
  isOver = false;
  /** Whether the user has declined to sign in again. */
  #declined = false;
  #renewal: PromiseWithResolvers<boolean> | undefined;

  /**
   * Loads the user and their roles. If another user has signed in in another window, this window's session counts as
   * ended. Rejects if the registry cannot be reached.
   */
  async load(): Promise<void> {
    const me = await client.me().catch(nullIf401);
    if (this.me && me?.user.id !== this.me.user.id) this.#setOver();
    else this.#set(me);
  }

  /** Signs a user in. Rejects with a problem if the name or the password is wrong. */
  async signIn(username: string, password: string): Promise<void> {
    const before = this.me?.user.id;
    await client.login(username, password);
    this.#set(await client.me());
    // The waiting requests belong to the previous user. The requests must not be sent as another user.
    this.#settle(before === undefined || before === this.me?.user.id);
  }

  /**
   * The address where single sign-on starts, which later returns to `page`, or null if the registry has no provider.
   */
  async singleSignOn(page: string): Promise<{ address: string; provider: string } | null> {
    const { single_sign_on: provider } = await client.authMethods();
    if (!provider) return null;
    const start = new URL(provider.start);
    const { pathname, search, hash } = new URL(page);
    start.searchParams.set('return_to', pathname + search + hash);
    return { address: start.href, provider: new URL(provider.issuer).host };
  }

  /** Renews the session if the same user has signed in in another window. */
  async checkAgain(): Promise<void> {
    const me = await client.me().catch(nullIf401);
    if (me && me.user.id === this.me?.user.id) {
      this.#set(me);
      this.#settle(true);
    }
  }

  /** The address where the user links this account with the provider. After linking, the provider returns to `page`. */
  async linkSingleSignOn(page: string): Promise<string> {
    const { pathname, search, hash } = new URL(page);
    return (await client.linkSingleSignOn(pathname + search + hash)).address;
  }

  async signOut(): Promise<void> {
    await client.logout();
    this.#set(null);
  }

  /** Waits until the same user has signed in again (resolves with true) or has declined to (false). */
  async waitForRenewal(): Promise<boolean> {
    this.#setOver();
    if (this.#declined) return false;
    if (!this.#renewal) {
      this.#renewal = Promise.withResolvers();
      this.dispatchEvent(new Event('ended'));
    }
    return await this.#renewal.promise;
  }

  /** Whether a request is waiting for the user to sign in again. */
  get isRenewing(): boolean {
    return this.#renewal !== undefined;
  }

  /** The user declines to sign in again. The page stays as it is, and waiting requests fail. */
  decline(): void {
    this.#declined = true;
    this.#settle(false);
  }

  /** Offers the sign-in again after the user declined it. */
  offerAgain(): void {
    this.#declined = false;
    void this.waitForRenewal();
  }

  #settle(renewed: boolean): void {
    this.#renewal?.resolve(renewed);
    this.#renewal = undefined;
  }

  #setOver(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.dispatchEvent(new Event('change'));
  }

  #set(me: Me | null): void {
    this.me = me;
    this.isOver = false;
    this.#declined = false;
    this.dispatchEvent(new Event('change'));
  }
}

export const session = new Session();

function nullIf401(error: unknown): null {
  if (error instanceof RegistryError && error.status === 401) return null;
  throw error;
}

/** Updates its host whenever the session changes. */
export class SessionController implements ReactiveController {
  readonly #host: ReactiveControllerHost;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    session.addEventListener('change', this.#onChange);
  }

  hostDisconnected(): void {
    session.removeEventListener('change', this.#onChange);
  }

  readonly #onChange = () => this.#host.requestUpdate();

  get me(): Me | null | undefined {
    return session.me;
  }

  /** The role of the signed-in user in this lab; site admins are admins everywhere. */
  roleIn(labId: number | null): Role | undefined {
    if (session.me?.user.is_admin) return 'admin';
    return session.me?.labs.find(({ lab_id }) => lab_id === labId)?.role;
  }

  may(role: Role, labId: number | null): boolean {
    const own = this.roleIn(labId);
    return own !== undefined && RANK[own] >= RANK[role];
  }
}

const RANK: Record<Role, number> = { viewer: 1, contributor: 2, admin: 3 };
