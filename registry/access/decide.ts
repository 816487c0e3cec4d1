/**
 * Decides who may do what (docs/contract.md, section 5); no other code decides this. The functions are pure: all input is
 * in their arguments, so the whole table of rights can be tested without a server.
 */

export type Role = 'viewer' | 'contributor' | 'admin';
export type Scope = 'read' | 'write' | 'admin';

/** The caller. A session has the scope `admin`. A token has the scope that it was created with. */
export type Actor =
  | { kind: 'nobody' }
  | {
      kind: 'user';
      id: number;
      username: string;
      name: string;
      email: string;
      isAdmin: boolean;
      roles: ReadonlyMap<number, Role>;
      scope: Scope;
    }
  /**
   * A lab computer with its own token. A computer reads what its lab may read, and writes its own bindings. A bench
   * computer also reads open merge requests of its lab, and posts test results.
   */
  | { kind: 'computer'; id: number; name: string; labId: number; isBench: boolean };

export interface DefinitionFacts {
  labId: number | null;
  isPublic: boolean;
  isBuiltin: boolean;
  /** Whether the definition has a version (docs/contract.md, section 3). */
  isApproved: boolean;
  /** Whether the definition is archived. An archived definition cannot change until an admin unarchives it. */
  isArchived: boolean;
  directLanding: 'admins' | 'nobody';
}

type DefinitionVerb = 'read' | 'propose' | 'land' | 'manage' | 'test';
type MergeRequestVerb = 'read' | 'discuss' | 'decide' | 'test';

export type Action =
  /** `test`: post the result of testing a version. */
  | { on: 'definition'; do: DefinitionVerb; of: DefinitionFacts }
  | { on: 'lab'; do: 'read' | 'propose' | 'manage'; labId: number | null }
  /** List merge requests. A separate filter (`viewerOf`) decides which ones the list contains. */
  | { on: 'merge-requests'; do: 'list' }
  /**
   * `discuss`: propose, push, comment. `decide`: approve for the lab, land, close merge requests of others. `test`: post
   * the check `tests`.
   */
  | { on: 'merge-request'; do: MergeRequestVerb; labId: number | null; isOpen: boolean }
  | { on: 'site'; do: 'sign-in' | 'manage' }
  /** `change`: change name, e-mail address and password. `manage`: change username and rights, or delete the account. */
  | { on: 'account'; do: 'read' | 'change' | 'manage'; id: number }
  /** Find a user's id by exact username, to add this user to a lab. */
  | { on: 'accounts'; do: 'find' }
  | { on: 'own-tokens'; do: 'manage' }
  /** List instruments, computers and bindings. `equipmentSeenBy` decides which ones the list contains. */
  | { on: 'equipment'; do: 'list' }
  | { on: 'instrument'; do: 'read' | 'manage'; labId: number }
  /**
   * `bind`: write the computer's bindings. `manage`: create, rename, enrol or delete the computer. `id` is null for a
   * computer that does not exist yet.
   */
  | { on: 'computer'; do: 'read' | 'bind' | 'manage'; labId: number; id: number | null }
  /** Open the stream of events. A separate decision follows for each event. */
  | { on: 'events'; do: 'read' }
  /** Read a computer's own list of definitions, and write its report. Only the computer itself may do this. */
  | { on: 'own-sync'; do: 'use' };

/**
 * `hidden`: the actor may not know that the thing exists (404). `anonymous`: signing in might help (401). `forbidden`:
 * the actor may see the thing, but may not do this (403).
 */
export type Decision =
  | { allowed: true }
  | { allowed: false; because: 'hidden' | 'anonymous' | 'forbidden'; reason: string };

const YES: Decision = { allowed: true };
const no = (because: 'hidden' | 'anonymous' | 'forbidden', reason: string): Decision => ({
  allowed: false,
  because,
  reason,
});

const RANK: Record<Role, number> = { viewer: 1, contributor: 2, admin: 3 };
const REACH: Record<Scope, number> = { read: 1, write: 2, admin: 3 };

export interface Rules {
  /** Whether public and built-in definitions can be read without signing in. */
  anonymousRead: boolean;
}

/** Every actor that is not a computer. */
type Somebody = Exclude<Actor, { kind: 'computer' }>;
type Computer = Extract<Actor, { kind: 'computer' }>;

export function decide(actor: Actor, action: Action, rules: Rules): Decision {
  return actor.kind === 'computer'
    ? decideForComputer(actor, action, rules)
    : decideForPeople(actor, action, rules);
}

function decideForPeople(actor: Somebody, action: Action, rules: Rules): Decision {
  switch (action.on) {
    case 'definition':
      return onDefinition(actor, action.do, action.of, rules);
    case 'lab':
      return onLab(actor, action.do, action.labId);
    case 'merge-request':
      return onMergeRequest(actor, action.do, action.labId);
    case 'merge-requests':
      return onSite(actor, 'sign-in');
    case 'site':
      return onSite(actor, action.do);
    case 'account':
      return action.do !== 'manage' && actor.kind === 'user' && actor.id === action.id
        ? withScope(actor, 'admin')
        : onSite(actor, 'manage');
    case 'accounts':
      return onAccounts(actor);
    case 'own-tokens':
      if (actor.kind === 'nobody') return no('anonymous', 'Sign in first.');
      return withScope(actor, 'admin');
    case 'equipment':
    case 'events':
      return onSite(actor, 'sign-in');
    case 'instrument':
    case 'computer':
      return onEquipment(actor, action);
    case 'own-sync':
      if (actor.kind === 'nobody') return no('anonymous', 'Send the token of a computer.');
      return no('forbidden', 'Only a computer may do this, with the token of its enrolment.');
  }
}

const ONLY_BENCHES = 'Only a bench computer of the lab may post test results.';

/**
 * A computer may read what its lab may see. A computer may write only its own bindings and its own report. A bench
 * computer may also read open merge requests of definitions that its lab owns, and post the results of its tests.
 */
function decideForComputer(actor: Computer, action: Action, rules: Rules): Decision {
  const readsOnly = no('forbidden', "A computer may not do this. Use a person's token.");
  switch (action.on) {
    case 'definition':
      if (!maySee(actor, action.of, rules)) return no('hidden', 'There is no such definition.');
      if (action.do === 'test') {
        const isOurs = actor.isBench && action.of.isApproved && action.of.labId === actor.labId;
        return isOurs ? YES : no('forbidden', ONLY_BENCHES);
      }
      return action.do === 'read' ? YES : readsOnly;
    case 'instrument':
      if (action.labId !== actor.labId) return no('hidden', 'There is no such instrument.');
      return action.do === 'read' ? YES : readsOnly;
    case 'computer':
      if (action.id !== actor.id) return no('hidden', 'There is no such computer.');
      return action.do === 'manage' ? readsOnly : YES;
    case 'equipment':
    case 'events':
    case 'own-sync':
      return YES;
    case 'merge-requests':
      return actor.isBench ? YES : readsOnly;
    case 'merge-request':
      if (!actor.isBench || !action.isOpen || action.labId !== actor.labId)
        return no('hidden', 'There is no such merge request.');
      return action.do === 'read' || action.do === 'test' ? YES : readsOnly;
    case 'lab':
      return no('hidden', 'There is no such lab.');
    default:
      return readsOnly;
  }
}

function onDefinition(
  actor: Somebody,
  verb: DefinitionVerb,
  of: DefinitionFacts,
  rules: Rules,
): Decision {
  if (!maySee(actor, of, rules)) return no('hidden', 'There is no such definition.');
  if (verb === 'read') return YES;
  if (actor.kind === 'nobody') return no('anonymous', 'Sign in first.');
  if (verb === 'test') return no('forbidden', ONLY_BENCHES);
  const scoped = withScope(actor, 'write');
  if (!scoped.allowed) return scoped;
  const rank = rankIn(actor, of.labId);
  if (verb === 'propose' && rank < RANK.contributor) {
    return no(
      'forbidden',
      'Only contributors and admins of the owning lab may propose changes. Ask an admin of the lab to make you a contributor.',
    );
  }
  if (verb !== 'propose' && rank < RANK.admin) {
    return no('forbidden', 'Only an admin of the owning lab may do this.');
  }
  if (verb !== 'manage' && of.isArchived) {
    return no(
      'forbidden',
      'The definition is archived. An admin of the lab must unarchive the definition first.',
    );
  }
  if (verb === 'land' && of.directLanding === 'nobody') {
    return no(
      'forbidden',
      "The lab's policy forbids direct landings. Every change needs a review.",
    );
  }
  return YES;
}

/** All members of a lab see its instruments and computers. Only admins of the lab manage them. */
function onEquipment(
  actor: Somebody,
  { on, do: verb, labId }: Extract<Action, { on: 'instrument' | 'computer' }>,
): Decision {
  if (actor.kind === 'nobody') return no('anonymous', 'Sign in first.');
  const rank = rankIn(actor, labId);
  if (rank === 0) return no('hidden', `There is no such ${on}.`);
  if (verb === 'read') return YES;
  if (rank < RANK.admin) {
    return no('forbidden', 'Only an admin of the lab may change its instruments and computers.');
  }
  return withScope(actor, 'admin');
}

function onLab(
  actor: Somebody,
  verb: 'read' | 'propose' | 'manage',
  labId: number | null,
): Decision {
  if (actor.kind === 'nobody') return no('anonymous', 'Sign in first.');
  const rank = rankIn(actor, labId);
  if (rank === 0) return no('hidden', 'There is no such lab.');
  if (verb === 'read') return YES;
  const scoped = withScope(actor, verb === 'manage' ? 'admin' : 'write');
  if (!scoped.allowed) return scoped;
  if (verb === 'propose' && rank < RANK.contributor) {
    return no('forbidden', 'Only contributors and admins of the lab may create definitions in it.');
  }
  if (verb === 'manage' && rank < RANK.admin) {
    return no('forbidden', 'Only an admin of the lab may do this.');
  }
  return YES;
}

function onMergeRequest(actor: Somebody, verb: MergeRequestVerb, labId: number | null): Decision {
  if (actor.kind === 'nobody') return no('anonymous', 'Sign in first.');
  const rank = rankIn(actor, labId);
  if (rank < RANK.contributor) return no('hidden', 'There is no such merge request.');
  if (verb === 'read') return YES;
  if (verb === 'test') return no('forbidden', ONLY_BENCHES);
  const scoped = withScope(actor, 'write');
  if (!scoped.allowed) return scoped;
  if (verb === 'decide' && rank < RANK.admin) {
    return no('forbidden', 'Only an admin of the owning lab may do this.');
  }
  return YES;
}

function onSite(actor: Somebody, verb: 'sign-in' | 'manage'): Decision {
  if (actor.kind === 'nobody') return no('anonymous', 'Sign in first.');
  if (verb === 'sign-in') return YES;
  if (!actor.isAdmin) return no('forbidden', 'Only a site admin may do this.');
  return withScope(actor, 'admin');
}

function onAccounts(actor: Somebody): Decision {
  if (actor.kind === 'nobody') return no('anonymous', 'Sign in first.');
  if (!actor.isAdmin && ![...actor.roles.values()].includes('admin')) {
    return no('forbidden', 'Only site admins and lab admins may look for accounts.');
  }
  return withScope(actor, 'admin');
}

function maySee(actor: Actor, of: DefinitionFacts, rules: Rules): boolean {
  const shared = of.isApproved && (of.isPublic || of.isBuiltin);
  if (actor.kind === 'nobody') return shared && rules.anonymousRead;
  if (actor.kind === 'computer') {
    // A bench computer fetches proposed definitions to test them.
    return shared || ((of.isApproved || actor.isBench) && of.labId === actor.labId);
  }
  const rank = rankIn(actor, of.labId);
  return shared || rank >= (of.isApproved ? RANK.viewer : RANK.contributor);
}

/** The actor's role in this lab as a number. A site admin counts as an admin of every lab. */
function rankIn(actor: Extract<Actor, { kind: 'user' }>, labId: number | null): number {
  if (actor.isAdmin) return RANK.admin;
  const role = labId === null ? undefined : actor.roles.get(labId);
  return role ? RANK[role] : 0;
}

function withScope(actor: Extract<Actor, { kind: 'user' }>, needed: Scope): Decision {
  return REACH[actor.scope] >= REACH[needed]
    ? YES
    : no('forbidden', `This token has the scope "${actor.scope}", but "${needed}" is needed.`);
}

/**
 * The rules of `maySee` as a filter for lists, which the database applies to each row. The result has the shape of
 * `Viewer` in `registry/store`. The folders `access` and `store` may not import each other, so the compiler compares
 * the two shapes in the services that use both.
 */
export function viewerOf(actor: Actor, rules: Rules) {
  const roles: [labId: number, Role][] = actor.kind === 'user' ? [...actor.roles] : [];
  const proposes = roles.filter(([, role]) => RANK[role] >= RANK.contributor).map(([lab]) => lab);
  const isComputer = actor.kind === 'computer';
  return {
    everything: actor.kind === 'user' && actor.isAdmin,
    public: actor.kind !== 'nobody' || rules.anonymousRead,
    labs: isComputer ? [actor.labId] : roles.map(([lab]) => lab),
    reviews: isComputer ? (actor.isBench ? [actor.labId] : []) : proposes,
    onlyOpen: isComputer,
  };
}

/** The ids of the labs that the actor may read, as a filter for lists. Undefined means every lab. */
export function labsSeenBy(actor: Actor): number[] | undefined {
  if (actor.kind !== 'user') return [];
  return actor.isAdmin ? undefined : [...actor.roles.keys()];
}

/** The instruments and computers that the actor may read, as a filter for lists. Undefined means no limit. */
export function equipmentSeenBy(actor: Actor): {
  labs: number[] | undefined;
  computer: number | undefined;
} {
  return actor.kind === 'computer'
    ? { labs: [actor.labId], computer: actor.id }
    : { labs: labsSeenBy(actor), computer: undefined };
}
