/** Pure: comments → threads, and the line that a thread is about, if there is one. */
import type { Comment } from '../../../registry/schemas/review.ts';
import type { Place } from '../diff/place.ts';

/** The first comment and its replies. */
export type Thread = readonly [Comment, ...Comment[]];

/** The threads in the order of their first comments. */
export function threadsOf(comments: readonly Comment[]): Thread[] {
  const byId = new Map(comments.map((comment) => [comment.id, comment]));
  const threads = new Map<number, [Comment, ...Comment[]]>();
  for (const comment of comments) {
    const root = rootOf(comment, byId);
    const thread = threads.get(root.id);
    if (thread) thread.push(comment);
    else threads.set(root.id, root === comment ? [comment] : [root, comment]);
  }
  return [...threads.values()];
}

function rootOf(comment: Comment, byId: ReadonlyMap<number, Comment>): Comment {
  let root = comment;
  for (let at = byId.get(comment.in_reply_to ?? 0); at; at = byId.get(at.in_reply_to ?? 0)) {
    root = at;
  }
  return root;
}

/** The line of a thread in the current diff; undefined for outdated threads and those about the whole merge request. */
export function placeOf([{ file, side, line, outdated }]: Thread): Place | undefined {
  if (file === null || line === null || outdated) return undefined;
  return { path: file, side: side ?? 'new', line };
}

export const idOf = ([{ id }]: Thread): number => id;

/** The storage key of an unsent comment, on a line or on the whole merge request. */
export const draftKeyOf = (mergeRequest: number, place?: Place): string =>
  `comment on !${mergeRequest}${place ? ` ${keyOf(place)}` : ''}`;

export const keyOf = ({ path, side, line }: Place): string => `${side} ${line} ${path}`;

export function threadsByPlace(threads: readonly Thread[]): Map<string, Thread[]> {
  const places = new Map<string, Thread[]>();
  for (const thread of threads) {
    const place = placeOf(thread);
    if (place) places.set(keyOf(place), [...(places.get(keyOf(place)) ?? []), thread]);
  }
  return places;
}
