/** The access rules as a table. The same rules are in docs/contract.md, section 5. */
import t from 'tap';
import {
  type Action,
  type Actor,
  type DefinitionFacts,
  decide,
  labsSeenBy,
  type Role,
  type Scope,
  viewerOf,
} from '../../registry/access/decide.ts';

const LAB = 1;
const OTHER_LAB = 2;

function user(roles: [number, Role][], { isAdmin = false, scope = 'admin' as Scope } = {}): Actor {
  const person = { id: 7, username: 'u', name: 'U', email: 'u@lab.example' };
  return { kind: 'user', ...person, isAdmin, roles: new Map(roles), scope };
}

const ACTORS: Record<string, Actor> = {
  nobody: { kind: 'nobody' },
  outsider: user([[OTHER_LAB, 'admin']]),
  viewer: user([[LAB, 'viewer']]),
  contributor: user([[LAB, 'contributor']]),
  'lab admin': user([[LAB, 'admin']]),
  'site admin': user([], { isAdmin: true }),
};

const of = (facts: Partial<DefinitionFacts>): DefinitionFacts => ({
  labId: LAB,
  isPublic: false,
  isBuiltin: false,
  isApproved: true,
  isArchived: false,
  directLanding: 'admins',
  ...facts,
});

const DEFINITIONS: Record<string, DefinitionFacts> = {
  "the lab's": of({}),
  public: of({ isPublic: true }),
  proposed: of({ isApproved: false }),
  'proposed, public': of({ isApproved: false, isPublic: true }),
  'built-in': of({ labId: null, isPublic: true, isBuiltin: true }),
  'of no lab': of({ labId: null }),
  'landed by nobody': of({ directLanding: 'nobody' }),
  archived: of({ isArchived: true }),
};

/**
 * Each cell has one letter each for read, propose, land and manage: y allowed, h hidden (404), a must sign in (401), f
 * forbidden (403). All tokens have the scope admin; ANONYMOUS_READ is off.
 */
const MATRIX = `
                    nobody  outsider  viewer  contributor  lab admin  site admin
  the lab's         hhhh    hhhh      yfff    yyff         yyyy       yyyy
  public            hhhh    yfff      yfff    yyff         yyyy       yyyy
  proposed          hhhh    hhhh      hhhh    yyff         yyyy       yyyy
  proposed, public  hhhh    hhhh      hhhh    yyff         yyyy       yyyy
  built-in          hhhh    yfff      yfff    yfff         yfff       yyyy
  of no lab         hhhh    hhhh      hhhh    hhhh         hhhh       yyyy
  landed by nobody  hhhh    hhhh      yfff    yyff         yyfy       yyfy
  archived          hhhh    hhhh      yfff    yfff         yffy       yffy
`;
const VERBS = ['read', 'propose', 'land', 'manage'] as const;

/**
 * With ANONYMOUS_READ, callers without credentials read public and approved definitions, and must sign in for
 * anything else.
 */
const ANONYMOUS = { public: 'yaaa', 'built-in': 'yaaa' } as Record<string, string>;

/** The rights on a lab itself: read, propose (create a definition in it), manage. */
const LABS = `
        nobody  outsider  viewer  contributor  lab admin  site admin
  lab   aaa     hhh       yff     yyf          yyy        yyy
`;

/** What each scope of a lab admin's token leaves of the rights "yyyy" (definitions) and "yyy" (labs). */
const SCOPES: Record<Scope, { definition: string; lab: string; ownTokens: string }> = {
  read: { definition: 'yfff', lab: 'yff', ownTokens: 'f' },
  write: { definition: 'yyyy', lab: 'yyf', ownTokens: 'f' },
  admin: { definition: 'yyyy', lab: 'yyy', ownTokens: 'y' },
};

/** Parses a table whose columns are separated by two or more spaces. */
function table(text: string): [row: string, cells: Record<string, string>][] {
  const [head = '', ...rows] = text.trim().split('\n');
  const columns = head.trim().split(/ {2,}/);
  return rows.map((line) => {
    const [row = '', ...cells] = line.trim().split(/ {2,}/);
    return [row, Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']))];
  });
}

function letter(actor: Actor, action: Action, anonymousRead = false): string {
  const decision = decide(actor, action, { anonymousRead });
  if (decision.allowed) return 'y';
  t.match(decision.reason, /^[A-Z].*\.$/, 'the reason is a sentence');
  return decision.because[0] as string;
}

const onDefinition = (actor: Actor, facts: DefinitionFacts, anonymousRead?: boolean) =>
  VERBS.map((verb) => letter(actor, { on: 'definition', do: verb, of: facts }, anonymousRead)).join(
    '',
  );
const onLab = (actor: Actor) =>
  (['read', 'propose', 'manage'] as const)
    .map((verb) => letter(actor, { on: 'lab', do: verb, labId: LAB }))
    .join('');

t.test('definitions: every kind and every role', async (t) => {
  const rows = table(MATRIX);
  t.same(
    rows.map(([row]) => row),
    Object.keys(DEFINITIONS),
    'every kind has its row',
  );
  for (const [kind, cells] of rows) {
    t.same(Object.keys(cells), Object.keys(ACTORS), 'every role has its column');
    for (const [role, letters] of Object.entries(cells)) {
      const facts = DEFINITIONS[kind] as DefinitionFacts;
      t.equal(onDefinition(ACTORS[role] as Actor, facts), letters, `${role}, ${kind}`);
    }
  }
});

t.test(
  'ANONYMOUS_READ lets anonymous callers read public and built-in definitions only',
  async (t) => {
    for (const [kind, facts] of Object.entries(DEFINITIONS)) {
      t.equal(onDefinition({ kind: 'nobody' }, facts, true), ANONYMOUS[kind] ?? 'hhhh', kind);
    }
  },
);

t.test('labs: every role', async (t) => {
  for (const [, cells] of table(LABS)) {
    for (const [role, letters] of Object.entries(cells)) {
      t.equal(onLab(ACTORS[role] as Actor), letters, role);
    }
  }
});

/** The rights on an account: read, change, manage. The first row is the caller's own account. */
const ACCOUNTS = `
           nobody  viewer  lab admin  site admin
  own      aaa     yyf     yyf        yyy
  another  aaa     fff     fff        yyy
`;

t.test('accounts: people change their own, site admins manage all of them', async (t) => {
  for (const [whose, cells] of table(ACCOUNTS)) {
    for (const [role, letters] of Object.entries(cells)) {
      const onAccount = (actor: Actor) =>
        (['read', 'change', 'manage'] as const)
          .map((verb) => letter(actor, { on: 'account', do: verb, id: whose === 'own' ? 7 : 8 }))
          .join('');
      const actor = ACTORS[role] as Actor;
      t.equal(onAccount(actor), letters, `${role}, ${whose}`);
      if (actor.kind !== 'user') continue;
      t.equal(
        onAccount({ ...actor, scope: 'write' }),
        'fff',
        'a token with a smaller scope allows nothing',
      );
    }
  }
});

t.test('admins of a lab or of the site find accounts, with a token of scope admin', async (t) => {
  const find = (actor: Actor) => letter(actor, { on: 'accounts', do: 'find' });
  const found = Object.entries(ACTORS).map(([role, actor]) => [role, find(actor)]);
  t.same(Object.fromEntries(found), {
    nobody: 'a',
    outsider: 'y',
    viewer: 'f',
    contributor: 'f',
    'lab admin': 'y',
    'site admin': 'y',
  });
  t.equal(find(user([[LAB, 'admin']], { scope: 'write' })), 'f');
});

t.test('a token may do what both its scope and its owner allow', async (t) => {
  for (const [scope, letters] of Object.entries(SCOPES)) {
    const actor = user([[LAB, 'admin']], { scope: scope as Scope });
    t.equal(onDefinition(actor, of({})), letters.definition, scope);
    t.equal(onLab(actor), letters.lab, scope);
    t.equal(letter(actor, { on: 'own-tokens', do: 'manage' }), letters.ownTokens, scope);
    const root = user([], { isAdmin: true, scope: scope as Scope });
    t.equal(letter(root, { on: 'site', do: 'manage' }), letters.ownTokens, `site admin, ${scope}`);
    t.equal(
      letter(actor, { on: 'site', do: 'manage' }),
      'f',
      'a lab admin does not manage the site',
    );
    t.equal(letter(actor, { on: 'site', do: 'sign-in' }), 'y');
  }
  t.equal(letter({ kind: 'nobody' }, { on: 'own-tokens', do: 'manage' }), 'a');
  t.equal(letter({ kind: 'nobody' }, { on: 'site', do: 'sign-in' }), 'a');
});

t.test('lists contain exactly what the caller may read', async (t) => {
  for (const anonymousRead of [false, true]) {
    for (const [role, actor] of Object.entries(ACTORS)) {
      const viewer = viewerOf(actor, { anonymousRead });
      for (const [kind, facts] of Object.entries(DEFINITIONS)) {
        const labs = facts.isApproved ? viewer.labs : viewer.reviews;
        const listed =
          viewer.everything ||
          (viewer.public && facts.isApproved && (facts.isPublic || facts.isBuiltin)) ||
          (facts.labId !== null && labs.includes(facts.labId));
        const read: Action = { on: 'definition', do: 'read', of: facts };
        t.equal(listed, decide(actor, read, { anonymousRead }).allowed, `${role}, ${kind}`);
      }
    }
  }
});

t.test('the list of labs contains exactly those that the caller may read', async (t) => {
  for (const [role, actor] of Object.entries(ACTORS)) {
    const seen = labsSeenBy(actor);
    for (const labId of [LAB, OTHER_LAB]) {
      const { allowed } = decide(actor, { on: 'lab', do: 'read', labId }, { anonymousRead: true });
      t.equal(seen?.includes(labId) ?? true, allowed, `${role}, ${labId}`);
    }
  }
});
