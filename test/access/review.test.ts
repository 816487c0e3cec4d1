/** The conditions that block the landing of a merge request. */
import fc from 'fast-check';
import t from 'tap';
import { benchRefusal } from '../../registry/access/review/benches.ts';
import { blockers } from '../../registry/access/review/blockers.ts';
import type {
  OwnerRule,
  Review,
  ReviewFacts,
  ReviewPolicy,
} from '../../registry/access/review/facts.ts';
import { mayApprove, mayGive, standingOf } from '../../registry/access/review/verdicts.ts';

const policy: ReviewPolicy = {
  requiredApprovals: 1,
  allowSelfApproval: false,
  requiredChecks: {},
  owners: [],
};

const PEOPLE = new Map([
  [1, 'ada'],
  [2, 'bob'],
  [3, 'eve'],
  [9, 'robot'],
]);

const facts = (over: Partial<ReviewFacts> = {}): ReviewFacts => ({
  state: 'open',
  draft: false,
  archived: false,
  revoked: null,
  head: 'h2',
  changes: 'c2',
  paths: ['Laser.py'],
  base: { category: 'Lasers', manufacturer: 'Maker' },
  proposed: { category: 'Lasers', manufacturer: 'Maker' },
  involved: { ids: new Set([1]), mailboxes: new Set(['ada@lab.example']) },
  reviews: [],
  checks: [],
  benchRefusal: null,
  usernames: PEOPLE,
  ...over,
});

let ids = 0;
function review(author: number, verdict: Review['verdict'], over: Partial<Review> = {}): Review {
  const username = PEOPLE.get(author) as string;
  ids += 1;
  return {
    id: ids,
    author: { id: author, username, email: `${username}@lab.example` },
    verdict,
    head: 'h2',
    changes: 'c2',
    at: new Date(ids),
    isAdmin: true,
    isMember: true,
    ...over,
  };
}

const factsWith = (...reviews: Review[]) => facts({ reviews });

t.test('one approval by another admin lets it land; without it the reason is given', async (t) => {
  t.same(blockers(factsWith(review(2, 'approve')), policy), []);
  t.match(blockers(facts(), policy), [
    'The merge request has 0 of 1 required approvals by lab admins.',
  ]);
});

t.test(
  'an approval becomes stale after a push and survives a rebase of the same changes',
  async (t) => {
    const [stale] = blockers(
      factsWith(review(2, 'approve', { head: 'h1', changes: 'c1' })),
      policy,
    );
    t.match(stale, /approval of bob does not count: .*earlier head/);
    t.same(blockers(factsWith(review(2, 'approve', { head: 'h1' })), policy), []);
  },
);

t.test(
  'participants cannot approve, by id or by any spelling of their e-mail address',
  async (t) => {
    const spelt = ['ADA@Lab.example', 'ada+review@lab.example'].map((email) =>
      review(2, 'approve', { author: { id: 2, username: 'bob', email } }),
    );
    for (const one of [review(1, 'approve'), ...spelt]) {
      t.match(blockers(factsWith(one), policy), [/opened, pushed or wrote/]);
      t.same(blockers(factsWith(one), { ...policy, allowSelfApproval: true }), []);
    }
  },
);

t.test(
  'requested changes survive pushes until the reviewer approves or leaves the lab',
  async (t) => {
    const no = review(2, 'request_changes', { head: 'h1', changes: 'c1' });
    const yes = review(3, 'approve');
    t.match(blockers(factsWith(no, yes), policy), [/^bob has requested changes/]);
    t.match(blockers(factsWith(no, review(2, 'comment'), yes), policy), [
      /^bob has requested changes/,
    ]);
    t.same(blockers(factsWith(no, review(2, 'approve'), yes), policy), []);
    t.same(blockers(factsWith({ ...no, isMember: false }, yes), policy), []);
  },
);

t.test('a reviewer who later commits can still withdraw requested changes', async (t) => {
  const reviewer = { id: 1, email: 'ada@lab.example', isAdmin: true };
  const no = review(1, 'request_changes', { head: 'h1', changes: 'c1' });
  t.notOk(mayGive('approve', reviewer, facts(), policy).allowed, 'nothing to withdraw');
  t.ok(mayGive('request_changes', reviewer, facts(), policy).allowed);
  t.ok(mayGive('approve', reviewer, factsWith(no), policy).allowed);
  const back = factsWith(no, review(1, 'approve'));
  t.notOk(mayGive('approve', reviewer, back, policy).allowed, 'once');
  t.match(blockers(back, policy), [/has 0 of 1 .* The approval of ada does not count: .*wrote/]);
  t.same(blockers(factsWith(no, review(1, 'approve'), review(2, 'approve')), policy), []);
  const other = { id: 2, email: 'bob@lab.example', isAdmin: false };
  t.notOk(mayGive('approve', other, factsWith(no), policy).allowed, 'nobody else can');
});

t.test('a repeated approval is listed once', async (t) => {
  const twice = factsWith(
    review(2, 'approve', { head: 'h0', changes: 'c0' }),
    review(2, 'approve'),
  );
  t.same(blockers(twice, { ...policy, requiredApprovals: 2 }), [
    'The merge request has 1 of 2 required approvals by lab admins.',
  ]);
  t.same(
    standingOf(twice, policy).map(({ standing }) => standing),
    [false, true],
  );
});

const POSTED = { by: '', isBench: false, summary: null };

t.test('the check of the benches needs one success and no failure, of benches only', async (t) => {
  const asked = { ...policy, requiredApprovals: 0, requiredChecks: { tests: '@bench' as const } };
  const checks = (...given: [state: string, isBench?: boolean][]) =>
    given.map(([state, isBench = true], n) => {
      const by = `computer:B${n}`;
      return { ...POSTED, name: 'tests', account: 0, state, by, isBench };
    });
  const against = (...given: [state: string, isBench?: boolean][]) =>
    blockers(facts({ checks: checks(...given) }), asked);
  t.match(against(), [/"tests" is missing: a bench computer of the lab must post/]);
  t.same(against(['success']), []);
  t.match(against(['success', false]), [/missing.*computer:B0 does not count/]);
  t.same(against(['success'], ['failure', false]), []);
  t.same(against(['running'], ['success']), []);
  t.match(against(['running']), [/of computer:B0 is "running"/]);
  for (const state of ['failure', 'failed', 'error'])
    t.match(against(['success'], [state]), [`of computer:B1 is "${state}"`]);
  const own = [{ ...POSTED, name: 'tests', account: 9, state: 'success' }];
  t.match(blockers(facts({ checks: own }), asked), [/is missing/], 'an account is no bench');
  const refused = facts({ benchRefusal: 'Benches do not run it.' });
  t.match(blockers(refused, asked), [/is missing: .* Benches do not run it\.$/]);
});

t.test('benches run a change only if the lab names everybody who took part in it', async (t) => {
  t.equal(benchRefusal([1, 2], null), null, 'a lab that names nobody restricts nobody');
  t.equal(benchRefusal([1, 2, 1], [2, 1]), null);
  t.match(benchRefusal([1, 3], [1], PEOPLE), /do not name eve\.$/);
  t.match(benchRefusal([1, null], [1]), /do not name somebody without an account/);
  t.match(benchRefusal([1], []), /do not name account 1/);
});

t.test('a required check counts only if its account posted it', async (t) => {
  const asked = { ...policy, requiredApprovals: 0, requiredChecks: { build: 9 } };
  const check = (account: number | null, state = 'success') =>
    facts({ checks: [{ name: 'build', state, account, ...POSTED }] });
  t.match(blockers(facts(), asked), [/"build" is missing: robot/]);
  t.match(blockers(check(3), asked), [/"build" is missing: robot/]);
  t.match(blockers(check(null), asked), [/"build" is missing: robot/]);
  t.match(blockers(check(9, 'pending'), asked), [/"build" of robot is "pending"/]);
  t.same(blockers(check(9), asked), []);
});

t.test("the registry's own checks block, except the interface check", async (t) => {
  const none = { ...policy, requiredApprovals: 0 };
  const own = (name: string, state: string) =>
    facts({ checks: [{ name, state, account: null, ...POSTED, summary: 'why' }] });
  t.same(blockers(own('validation', 'failure'), none), ['The check "validation" fails: why.']);
  t.same(blockers(own('conflict', 'pending'), none), ['The check "conflict" is "pending": why.']);
  t.same(blockers(own('interface', 'failure'), none), []);
});

t.test('a change cannot escape its owners', async (t) => {
  const none = { ...policy, requiredApprovals: 0 };
  const policyWith = (rule: object) => ({ ...none, owners: [{ users: [3], ...rule }] });
  const other = { category: 'Pumps', manufacturer: 'Other' };
  const category = policyWith({ category: 'lasers' });
  t.match(blockers(facts({ proposed: other }), category), [/category lasers must approve: eve/]);
  t.match(blockers(facts({ base: other }), category), [/must approve: eve/]);
  t.same(blockers(facts({ base: other, proposed: other }), category), []);
  const pattern = policyWith({ pattern: 'old/' });
  t.match(blockers(facts({ paths: ['old/a.py', 'new/a.py'] }), pattern), [/old\/ must approve/]);
  t.same(blockers(facts(), policyWith({ pattern: 'old/', category: 'Lasers' })), []);
});

t.test('another spelling of the category does not escape its owners', async (t) => {
  const none = { ...policy, requiredApprovals: 0 };
  const escapes = [
    'Lasers ',
    ' Lasers',
    'LASERS',
    'Laſers',
    'Ｌasers',
    'La\u200Bsers',
    'Lasers\u00A0',
    'Las\u00ADers',
    'Lasers\t',
    'L\u0430sers',
    'Laser\u0455',
    '\uA4E1asers',
    'Lasers\u0301',
    'L a s e r s',
    'Lasers.',
    '1asers',
  ];
  for (const written of escapes) {
    const touched = { category: written, manufacturer: written };
    for (const rule of [{ category: 'Lasers' }, { manufacturer: 'lasers' }]) {
      const owned = { ...none, owners: [{ users: [3], ...rule }] };
      const found = blockers(facts({ base: null, proposed: touched }), owned);
      t.match(
        found,
        [/must approve: eve \(its (category|manufacturer) becomes/],
        JSON.stringify(written),
      );
    }
  }
  const words = { ...none, owners: [{ users: [3], category: 'Lock-In  Amplifiers' }] };
  const spaced = { category: 'lock-in\namplifiers', manufacturer: null };
  t.match(blockers(facts({ base: spaced, proposed: null }), words), [/category is/]);
  const straße = { ...none, owners: [{ users: [3], manufacturer: 'Große' }] };
  const upper = { category: null, manufacturer: 'GROSSE' };
  t.match(blockers(facts({ base: upper, proposed: upper }), straße), [/eve/]);
  const other = { category: 'Laser', manufacturer: null };
  const lasers = { ...none, owners: [{ users: [3], category: 'Lasers' }] };
  t.same(blockers(facts({ base: other, proposed: other }), lasers), []);
  const marks = { ...none, owners: [{ users: [3], category: '+' }] };
  const minus = { category: '-', manufacturer: null };
  t.same(blockers(facts({ base: minus, proposed: minus }), marks), [], 'only accents differ');
  const dashes = { ...none, owners: [{ users: [3], category: 'Микроскопы' }] };
  const small = { category: 'микроскопы', manufacturer: null };
  t.match(blockers(facts({ base: small, proposed: small }), dashes), [/eve/], 'in any alphabet');
});

t.test('another spelling of the path does not escape its owners', async (t) => {
  const rule = (pattern: string) => ({
    ...policy,
    requiredApprovals: 0,
    owners: [{ users: [3], pattern }],
  });
  const spelled = {
    'docs/': ['Docs/a.txt', 'DOCS/x/y.txt', 'd\u043Ecs/a.txt', 'ｄocs/a.txt'],
    '*.py': ['Laser.PY', 'x/Laser.p\u0443'],
    'Große.txt': ['GROSSE.TXT', 'gro\u1E9Ee.txt'],
    'caf\u00E9.txt': ['CAFE\u0301.txt'],
  };
  for (const [pattern, paths] of Object.entries(spelled)) {
    for (const path of paths) {
      t.match(blockers(facts({ paths: [path] }), rule(pattern)), [/must approve: eve/], path);
    }
  }
  t.same(blockers(facts({ paths: ['doc/a.txt'] }), rule('docs/')), []);
});

t.test('an owner who is not an admin approves for the owner rule only', async (t) => {
  const owned = { ...policy, owners: [{ pattern: '*.py', users: [3] }] };
  const owner = review(3, 'approve', { isAdmin: false });
  t.match(blockers(factsWith(owner), owned), [/of 1 required approvals/]);
  t.same(blockers(factsWith(owner, review(2, 'approve')), owned), []);
  t.match(blockers(factsWith(review(2, 'approve')), owned), [
    /An owner of \*\.py must approve: eve/,
  ]);
  const eve = { id: 3, email: 'eve@lab.example', isAdmin: false };
  t.ok(mayApprove(eve, facts(), owned).allowed);
  t.notOk(mayApprove(eve, facts({ paths: ['a.txt'] }), owned).allowed);
});

t.test('closed, draft and archived merge requests cannot land despite approvals', async (t) => {
  const approved = factsWith(review(2, 'approve'));
  t.match(blockers({ ...approved, state: 'merged' }, policy), [/already merged/]);
  t.match(blockers({ ...approved, state: 'closed' }, policy), [/reopen it first/]);
  t.match(blockers({ ...approved, draft: true, archived: true }, policy), [/archived/, /draft/]);
});

const anyReview = fc
  .record({
    author: fc.constantFrom(1, 2, 3),
    verdict: fc.constantFrom('approve' as const, 'request_changes' as const, 'comment' as const),
    head: fc.constantFrom('h1', 'h2'),
    changes: fc.constantFrom('c1', 'c2'),
    isAdmin: fc.boolean(),
    isMember: fc.boolean(),
  })
  .map(({ author, verdict, ...over }) => review(author, verdict, over));
const anyPolicy = fc.record({
  requiredApprovals: fc.nat(3),
  allowSelfApproval: fc.boolean(),
  requiredChecks: fc.constant({}),
  owners: fc.constantFrom<OwnerRule[]>(
    [],
    [{ pattern: '*.py', users: [3] }],
    [{ category: 'Pumps', users: [2] }],
  ),
});

t.test('invariants of any history of reviews', async (t) => {
  fc.assert(
    fc.property(fc.array(anyReview, { maxLength: 8 }), anyPolicy, (reviews, policy) => {
      const before = blockers(factsWith(...reviews), policy).length;
      const current = [...reviews, review(2, 'approve')];
      if (blockers(factsWith(...current), policy).length > before)
        throw Error('an approval blocks');
      const comment = [...reviews, review(2, 'comment')];
      if (blockers(factsWith(...comment), policy).length !== before)
        throw Error('a comment counts');
      const standing = standingOf(factsWith(...reviews), policy);
      if (standing.length !== reviews.length) throw Error('a review is lost');
      for (const { review, standing: counts, why } of standing) {
        if (counts !== (why === null)) throw Error('a reason is missing');
        if (!counts || review.verdict !== 'approve') continue;
        if (review.head !== 'h2' && review.changes !== 'c2') throw Error('a stale review counts');
        if (!review.isMember) throw Error('a stranger counts');
        if (review.author.id === 1 && !policy.allowSelfApproval) throw Error('its author counts');
      }
    }),
    { numRuns: 500 },
  );
  t.pass('held');
});
