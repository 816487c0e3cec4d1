/** Finds the token in a request of git, and decides which refs its owner may see. */
import { headRef, isReviewRef, isVersionRef } from '../../text/refs.ts';
import { type Actor, type DefinitionFacts, decide, type Rules } from '../access/decide.ts';

export interface View {
  /** Callers with the same text see the same refs. */
  visibility: string;
  visible: (ref: string) => boolean;
}

/**
 * Decides which refs a caller may fetch. Everybody who sees the definition may fetch its versions. Everybody who may take
 * part in reviews may also fetch branches and merge requests. Nobody may fetch the registry's own refs. The answer is
 * `open heads` for a caller who may fetch only the heads of open merge requests (`viewOfHeads`).
 */
export function viewOf(
  actor: Actor,
  { labId }: DefinitionFacts,
  rules: Rules,
): View | 'open heads' {
  const may = (isOpen: boolean) =>
    decide(actor, { on: 'merge-request', do: 'read', labId, isOpen }, rules).allowed;
  if (may(false)) return REVIEWS;
  return may(true) ? 'open heads' : VERSIONS;
}

/** The view of a caller who may fetch versions and the heads of these merge requests, but no branches. */
export function viewOfHeads(open: readonly number[]): View {
  const heads = new Set(open.map(headRef));
  return {
    visibility: `heads ${open.join()}`,
    visible: (ref) => isVersionRef(ref) || heads.has(ref),
  };
}

const VERSIONS: View = {
  visibility: 'versions',
  visible: isVersionRef,
};
const REVIEWS: View = {
  visibility: 'reviews',
  visible: (ref: string) => isVersionRef(ref) || isReviewRef(ref),
};

/**
 * Returns the token in HTTP Basic credentials (RFC 7617), where it is the password. Returns an empty text if there is
 * no token.
 */
export function tokenIn(credentials: string): string {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(credentials) ?? [];
  const decoded = Buffer.from(encoded ?? '', 'base64').toString();
  return decoded.slice(decoded.indexOf(':') + 1);
}
