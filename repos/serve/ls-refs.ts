import { MAIN } from '../../text/refs.ts';
import { type ListedRef, type LsRefsRequest, writeLsRefsAnswer } from '../wire/ls-refs.ts';
import type { VisibleRefs } from './visible-refs.ts';

/** Answers `ls-refs` as git does: HEAD first, then the other refs in order of their names. */
export function answerLsRefs(request: LsRefsRequest, { refs, head }: VisibleRefs): Buffer {
  return writeLsRefsAnswer(list(request, refs, head));
}

function* list(
  { peel, symrefs, unborn, prefixes }: LsRefsRequest,
  refs: VisibleRefs['refs'],
  head: VisibleRefs['head'],
): Iterable<ListedRef> {
  const isRequested = (name: string) =>
    prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
  const symref = symrefs ? { symref: MAIN } : {};
  if (isRequested('HEAD')) {
    if (head !== undefined) yield { name: 'HEAD', oid: head.oid, ...symref };
    else if (unborn && symrefs) yield { name: 'HEAD', oid: null, ...symref };
  }
  for (const [name, { oid, peeled }] of refs) {
    if (isRequested(name)) yield { name, oid, ...(peel && peeled !== undefined ? { peeled } : {}) };
  }
}
