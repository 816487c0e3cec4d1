/** Who is signed in. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { createClient, RegistryError } from '../../client/typescript/client.ts';
import type { Me, Role } from '../../registry/schemas/people.ts';

export type { Me } from '../../registry/schemas/people.ts';

// Not the patient client: what asks who is signed in must not wait for it.
const client = createClient({ url: '' });

/**
 * Fires `change` when somebody signs in or out or the session is found to be over, and `ended` when something waits for
 * them to sign in again.
 */
class Session extends EventTarget {
  /** Null for nobody; undefined until it is known. Whoever was here, while their session is over. */
  me: Me | null | undefined;
  /** Whether it has ended without their doing; what is shown stays. */
  isOver = false;
  /** Whether they would not sign in again when they were asked. */
  #declined = false;
  #renewal: PromiseWithResolvers<boolean> | undefined;

  /**
   * Asks the registry who is here, and what they may. Where that is somebody else meanwhile, in another window, the session
   * of whoever this window works for is over. Rejects when the registry cannot be reached.
   */
  async load(): Promise<void> {
    const me = await client.me().catch(nobodyIf401);
    if (this.me && me?.user.id !== this.me.user.id) this.#find(true);
    else this.#set(me);
  }

  /** Rejects with the problem where name and password do not fit. */
  async signIn(username: string, password: string): Promise<void> {
    const before = this.me?.user.id;
    await client.login(username, password);
    this.#set(await client.me());
    // What waits was asked by whoever was here before, and is not repeated in somebody else's name.
    this.#settle(before === undefined || before === this.me?.user.id);
  }

  /** Where to sign in at the provider of single sign-on, to come back to a page of ours; null where there is none. */
  async singleSignOn(page: string): Promise<{ address: string; provider: string } | null> {
    const { single_sign_on: provider } = await client.authMethods();
    if (!provider) return null;
    const start = new URL(provider.start);
    const { pathname, search, hash } = new URL(page);
    start.searchParams.set('return_to', pathname + search + hash);
    return { address: start.href, provider: new URL(provider.issuer).host };
  }

  /** Looks whether the same person has signed in meanwhile, in another window. */
  async lookAgain(): Promise<void> {
    const me = await client.me().catch(nobodyIf401);
    if (me && me.user.id === this.me?.user.id) {
      this.#set(me);
      this.#settle(true);
    }
  }

  /** Where to sign in at the provider, to sign in to this account by it from now on and come back to a page of ours. */
  async linkSingleSignOn(page: string): Promise<string> {
    const { pathname, search, hash } = new URL(page);
    return (await client.linkSingleSignOn(pathname + search + hash)).address;
  }

  async signOut(): Promise<void> {
    await client.logout();
    this.#set(null);
  }

  /** Resolves when the same person has signed in again: true; or when they would rather not: false. */
  async renewed(): Promise<boolean> {
    this.#find(true);
    if (this.#declined) return false;
    if (!this.#renewal) {
      this.#renewal = Promise.withResolvers();
      this.dispatchEvent(new Event('ended'));
    }
    return await this.#renewal.promise;
  }

  /** Whether something waits for somebody to sign in again. */
  get isRenewing(): boolean {
    return this.#renewal !== undefined;
  }

  /** They would rather not sign in again, for now: the page stays as it is, and what waits is refused. */
  decline(): void {
    this.#declined = true;
    this.#settle(false);
  }

  /** Offers to sign in again to whoever has declined it. */
  offerAgain(): void {
    this.#declined = false;
    void this.renewed();
  }

  #settle(renewed: boolean): void {
    this.#renewal?.resolve(renewed);
    this.#renewal = undefined;
  }

  #find(isOver: boolean): void {
    if (isOver === this.isOver) return;
    this.isOver = isOver;
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

function nobodyIf401(error: unknown): null {
  if (error instanceof RegistryError && error.status === 401) return null;
  throw error;
}

/** Renders its host anew whenever somebody signs in or out. */
export class SessionController implements ReactiveController {
  readonly #host: ReactiveControllerHost;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    session.addEventListener('change', this.#changed);
  }

  hostDisconnected(): void {
    session.removeEventListener('change', this.#changed);
  }

  readonly #changed = () => this.#host.requestUpdate();

  get me(): Me | null | undefined {
    return session.me;
  }

  /** What the signed-in person is in this lab; site admins are admins everywhere. */
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
