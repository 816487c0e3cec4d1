/** Adds reviews, comments and checks to a merge request. */

import type { Actor } from '../../access/decide.ts';
import { benchRefusal, isTests, TESTS } from '../../access/review/benches.ts';
import { isOwnCheck } from '../../access/review/own-checks.ts';
import { mayGive } from '../../access/review/verdicts.ts';
import { linesOf } from '../../definitions/line-diff.ts';
import { Problem } from '../../errors.ts';
import type { Check, CheckInput, CommentInput, ReviewInput } from '../../schemas/review.ts';
import { holdBench } from '../../store/computers.ts';
import type { Comment, Lab, MergeRequest, Review } from '../../store/entities/index.ts';
import { findLab } from '../../store/labs.ts';
import { headsOf } from '../../store/merge-requests.ts';
import { addComment, addReview, commentsOf, putCheck } from '../../store/reviews.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditMergeRequest } from '../audit/entries.ts';
import { auditFieldsOf, authorize, type Caller, requirePerson } from '../caller.ts';
import { textOf } from '../content/files.ts';
import { reviewPolicyOf } from '../lab-policy.ts';
import { actionOn, loadFacts, loadMergeRequest, peopleIn, type ReviewDeps } from './facts.ts';
import { auditedDetails, storableDetails } from './test-details.ts';
import { showCheck } from './view.ts';

/** Loads the merge request if the caller may take part in it. */
async function authorizeDiscussion(
  deps: ReviewDeps,
  caller: Caller,
  id: number,
): Promise<MergeRequest> {
  const row = await loadMergeRequest(deps, caller, id);
  authorize(caller, actionOn(row, 'discuss'), deps.rules, 'merge request');
  return row;
}

/** `POST …/reviews`. The review is for one head. */
export async function postReview(
  deps: ReviewDeps,
  caller: Caller,
  id: number,
  { verdict, body = '', head, grants }: ReviewInput,
): Promise<Review> {
  const row = await authorizeDiscussion(deps, caller, id);
  if (row.state !== 'open') throw new Problem('conflict', `Merge request !${id} is ${row.state}.`);
  requireHead(row, head);
  if (verdict !== 'comment') await requireVerdictRights(deps, caller, row, verdict);
  if (grants !== undefined) requireGrantRights(deps, caller, row, verdict);
  const { actor_id, actor } = auditFieldsOf(caller);
  return await deps.store.transaction(async (em) => {
    const review = await addReview(em, {
      merge_request_id: id,
      author_id: actor_id,
      author: actor,
      verdict,
      body,
      head,
      changes: row.changes,
      grants: grants ?? null,
    });
    await auditMergeRequest(em, auditFieldsOf(caller), row, 'reviewed', null, {
      verdict,
      head,
      body,
      ...(grants && { grants }),
    });
    return review;
  });
}

/** Only admins of the lab can grant permissions, and only together with an approval. */
function requireGrantRights(
  deps: ReviewDeps,
  caller: Caller,
  row: MergeRequest,
  verdict: ReviewInput['verdict'],
): void {
  if (verdict !== 'approve') throw invalid('grants', 'can only be sent with an approval');
  authorize(caller, { on: 'lab', do: 'manage', labId: row.lab_id }, deps.rules, 'lab');
}

/** Throws `conflict` if the head has moved: the text and the lines that the author saw may have changed. */
function requireHead(row: MergeRequest, head: string): void {
  if (head === row.head) return;
  throw new Problem(
    'conflict',
    `The head of merge request !${row.id} is now ${row.head}, not ${head}. Look at what has changed, then review the new head.`,
  );
}

async function requireVerdictRights(
  deps: ReviewDeps,
  caller: Caller,
  row: MergeRequest,
  verdict: 'approve' | 'request_changes',
): Promise<void> {
  const actor = requirePerson(caller);
  const { facts, policy } = await loadFacts(deps, caller, row);
  const isAdmin = actor.isAdmin || (row.lab_id !== null && actor.roles.get(row.lab_id) === 'admin');
  const may = mayGive(verdict, { id: actor.id, email: actor.email, isAdmin }, facts, policy);
  if (!may.allowed) {
    throw new Problem('forbidden', `You cannot give this review: ${may.why}. You can comment.`);
  }
}

/** `POST …/comments`: a comment on the merge request, on a file, or on a line of the old or the new side. */
export async function postComment(
  deps: ReviewDeps,
  caller: Caller,
  id: number,
  input: CommentInput,
): Promise<Comment> {
  const row = await authorizeDiscussion(deps, caller, id);
  const place = await placeOf(deps, row, input);
  const { actor_id, actor } = auditFieldsOf(caller);
  return await deps.store.transaction(async (em) => {
    const added = await addComment(em, {
      merge_request_id: id,
      author_id: actor_id,
      author: actor,
      body: input.body,
      ...place,
    });
    const { file, line, side } = place;
    await auditMergeRequest(em, auditFieldsOf(caller), row, 'commented', null, {
      body: input.body,
      file,
      line,
      side,
    });
    return added;
  });
}

type Place = Pick<Comment, 'in_reply_to' | 'file' | 'line' | 'side' | 'head' | 'base'>;

/** The file, line and side of a comment. A reply has the same place as its thread. */
async function placeOf(deps: ReviewDeps, row: MergeRequest, input: CommentInput): Promise<Place> {
  const at = { head: row.head, base: row.base };
  if (input.in_reply_to !== undefined) {
    const thread = await commentsOf(deps.store.em(), row.id);
    const parent = thread.find(({ id }) => id === input.in_reply_to);
    if (!parent) throw invalid('in_reply_to', 'is not a comment on this merge request');
    const { file, line, side, head, base } = parent;
    return { in_reply_to: parent.in_reply_to ?? parent.id, file, line, side, head, base };
  }
  if (input.file === undefined) {
    if (input.line !== undefined) throw invalid('file', 'is required with a line');
    return { in_reply_to: null, file: null, line: null, side: null, ...at };
  }
  if (input.head !== undefined) requireHead(row, input.head);
  const side = input.side ?? 'new';
  const commit = side === 'new' ? row.head : row.base;
  const repository = await deps.repositories.open(row.definition);
  const bytes = commit === null ? undefined : await repository.readFile(commit, input.file);
  if (bytes === undefined) throw invalid('file', `does not exist on the ${side} side`);
  const lines = linesOf(textOf(bytes)).length;
  if (input.line !== undefined && input.line > lines) {
    throw invalid('line', `is past the end of ${input.file}, which has ${lines} lines`);
  }
  return { in_reply_to: null, file: input.file, line: input.line ?? null, side, ...at };
}

/**
 * `POST …/checks`: an account posts the result of a check for one head, or a bench computer the check `tests`. A second
 * result replaces the first.
 */
export async function postCheck(
  deps: ReviewDeps,
  caller: Caller,
  id: number,
  input: CheckInput,
): Promise<Check> {
  const row = await loadMergeRequest(deps, caller, id);
  const verb = input.name === TESTS ? 'test' : 'discuss';
  authorize(caller, actionOn(row, verb), deps.rules, 'merge request');
  requireFreeName(input);
  const { name, state, url = null, summary = null } = input;
  const details = input.details === undefined ? null : storableDetails(input.details);
  const head = input.head ?? (await onlyHead(deps, row));
  if (head !== row.head) {
    throw new Problem(
      'conflict',
      `The head of merge request !${id} is now ${row.head}, not ${head}.`,
    );
  }
  const { actor_id, actor } = auditFieldsOf(caller);
  return await deps.store.transaction(async (em) => {
    const lab = row.lab_id === null ? null : await findLab(em, row.lab_id);
    const bench = verb === 'test' ? await requireBench(em, caller, row, lab) : null;
    const fields = { name, state, url, summary, head };
    const added = await putCheck(em, {
      merge_request_id: id,
      account_id: actor_id,
      account: actor,
      computer: bench?.id ?? null,
      details,
      ...fields,
    });
    const after = { ...fields, ...(details && { details: auditedDetails(details) }) };
    await auditMergeRequest(em, auditFieldsOf(caller), row, 'checked', null, after);
    const check = Object.assign(added, { bench_lab: bench?.labId ?? null });
    return showCheck(check, row, reviewPolicyOf(lab));
  });
}

/** Throws `invalid` for a name that belongs to others, and for details of a check that is not `tests`. */
function requireFreeName({ name, details }: CheckInput): void {
  if (isOwnCheck(name)) {
    throw invalid(
      'name',
      'is, or looks like, the name of a check that the registry runs itself. Choose another name',
    );
  }
  if (name === TESTS) return;
  if (isTests(name)) {
    throw invalid('name', `looks like ${TESTS}, the check of bench computers. Choose another name`);
  }
  if (details !== undefined) throw invalid('details', `is accepted only with the check ${TESTS}`);
}

/**
 * The bench computer that posts a result, which keeps its right until the transaction ends. Throws `forbidden` if the
 * computer has just lost the right, and if the lab does not let benches run this change.
 */
async function requireBench(
  em: EntityManager,
  { actor }: Caller,
  row: MergeRequest,
  lab: Lab | null,
): Promise<Extract<Actor, { kind: 'computer' }>> {
  if (actor.kind !== 'computer') throw new Error('decided above');
  if (!(await holdBench(em, actor.id, actor.labId)))
    throw new Problem('forbidden', 'This computer is not a bench computer of the lab any more.');
  const people = peopleIn(row, await headsOf(em, row.id));
  const refusal = benchRefusal(people, lab?.bench_authors ?? null);
  if (refusal !== null) throw new Problem('forbidden', refusal);
  return actor;
}

/**
 * The head for a check that names no head. Throws `invalid` if the merge request has had more than one head, because the
 * result could otherwise count for a head that the program never checked.
 */
async function onlyHead({ store }: ReviewDeps, row: MergeRequest): Promise<string> {
  const heads = new Set((await headsOf(store.em(), row.id)).map(({ head }) => head));
  const [only] = heads;
  if (heads.size === 1 && only !== undefined) return only;
  throw invalid(
    'head',
    'is required, because the merge request has had more than one head: give the commit that was checked',
  );
}

const invalid = (path: string, message: string): Problem =>
  new Problem('invalid', `${path} ${message}`, [{ path, message }]);
